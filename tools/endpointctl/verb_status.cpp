// status, as a page, as JSON, or as a monitoring plugin's line.

#include <ostream>

#include "client.hpp"
#include "json/document.hpp"
#include "monitoring.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

int print_line(const Context& context, const PluginLine& line) {
    context.out << line.text << '\n';
    return line.state;
}

// A plugin's answer stands on stdout, whatever happens.
int check(const Context& context) {
    const Client client(socket_path(context));
    const Result<HttpAnswer> status = client.ask({.target = "/v1/status", .body = {}});
    if (!status) return print_line(context, unknown_line(status.error().text));
    const Result<json::Value> value =
        status->status == 200 ? json::parse(status->body) : fail(Errc::malformed, "status " + std::to_string(status->status));
    if (!value) return print_line(context, unknown_line("the daemon's answer cannot be used: " + value.error().text));
    const Result<HttpAnswer> health = client.ask({.target = "/healthz", .body = {}});
    if (!health) return print_line(context, unknown_line(health.error().text));
    std::string reason;
    if (health->status != 200) {
        reason = health->body;
        while (!reason.empty() && reason.back() == '\n') reason.pop_back();
        if (reason.empty()) reason = "not healthy";
    }
    return print_line(context, plugin_line(*value, reason));
}

std::string join(const json::Array& list) {
    std::string text;
    for (const json::Value& item : list) text += (text.empty() ? "" : ", ") + text_of(item);
    return text.empty() ? "-" : text;
}

std::string counts(const json::Value& group, std::initializer_list<const char*> names) {
    std::string text;
    for (const char* const name : names) {
        if (member(group, name).is_null()) continue;
        text += (text.empty() ? "" : ", ") + text_of(member(group, name)) + " " + name;
    }
    return text.empty() ? "-" : printable(text);
}

std::string confinement(const json::Value& value) {
    const double abi = number_of(member(value, "landlock"));
    return "seccomp " + text_of(member(value, "seccomp")) + ", landlock " +
           (abi > 0 ? "ABI " + text_of(member(value, "landlock")) : std::string("no"));
}

void print_peers(const Context& context, const json::Array& peers, const char* title) {
    if (peers.empty()) return;
    Table table({title, "ZONE", "CONNECTED", "SINCE", "DIRECTION", "ADDRESS", "VERSION", "QUEUED", "LAST MESSAGE", "CAPABILITIES"});
    for (const json::Value& peer : peers) {
        table.add({text_of(member(peer, "name")), text_of(member(peer, "zone")), text_of(member(peer, "connected")),
                   text_of(member(peer, "since")), text_of(member(peer, "direction")), text_of(member(peer, "address")),
                   text_of(member(peer, "version")), text_of(member(peer, "queued")), text_of(member(peer, "last_message")),
                   join(items(member(peer, "capabilities")))});
    }
    context.out << '\n';
    table.print(context.out, context.color);
}

}  // namespace

int status(const Context& context, const Arguments& arguments) {
    if (arguments.has("check")) return check(context);
    const Answered answer = ask_daemon(context, {.target = "/v1/status", .body = {}});
    if (!answer.ok) return answer.status;
    const json::Value& value = answer.value;
    if (context.json) {
        context.out << json::to_pretty_text(value) << '\n';
        return kDone;
    }
    std::ostream& out = context.out;
    out << "node:      " << printable(text_of(member(value, "node"))) << ", zone " << printable(text_of(member(value, "zone"))) << '\n';
    out << "version:   " << printable(text_of(member(value, "version"))) << ", pid " << text_of(member(value, "pid")) << ", up "
        << duration_text(number_of(member(value, "uptime"))) << '\n';
    out << "objects:   " << counts(member(value, "objects"), {"hosts", "services", "rejected", "paused"}) << '\n';
    out << "runner:    " << counts(member(value, "runner"), {"running", "queued", "executed", "refused", "timeouts"}) << '\n';
    const json::Value& store = member(value, "store");
    out << "store:     " << size_text(number_of(member(store, "size"))) << ", " << text_of(member(store, "outbox")) << " in the outbox, "
        << text_of(member(store, "audit")) << " audit records";
    if (number_of(member(store, "unwritten")) > 0) out << ", " << text_of(member(store, "unwritten")) << " states it cannot write";
    out << '\n';
    const json::Value& confined = member(value, "confinement");
    if (confined.object()) {
        out << "confined:  " << confinement(confined) << '\n';
        const auto print_missing = [&out](const json::Value& of) {
            for (const json::Value& text : items(member(of, "missing"))) out << "  missing: " << printable(text_of(text)) << '\n';
        };
        print_missing(confined);
        const json::Value& runner = member(confined, "runner");
        if (runner.object()) {
            out << "  runner:  " << confinement(runner) << '\n';
            print_missing(runner);
        }
    }
    print_peers(context, items(member(value, "parents")), "PARENT");
    print_peers(context, items(member(value, "children")), "CHILD");
    return kDone;
}

}  // namespace endpointd::ctl
