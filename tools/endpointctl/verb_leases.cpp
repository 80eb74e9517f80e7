// caps grant, caps revoke.

#include <ostream>

#include "admin/audit_query.hpp"
#include "base/units.hpp"
#include "client.hpp"
#include "json/document.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {

int caps_grant(const Context& context, const Arguments& arguments) {
    if (const Result<Duration> length = parse_duration(arguments.one("for")); !length)
        return report(context, kUsage, "--for: " + printable(length.error().text));
    json::Value scope = json::Object();
    if (arguments.has("scope")) {
        Result<json::Value> parsed = json::parse(arguments.one("scope"));
        if (!parsed) return report(context, kUsage, "--scope is not JSON: " + printable(parsed.error().text));
        if (!parsed->object())
            return report(context, kUsage, "--scope is a JSON object, as the grant in caps.d: '{\"commands\": [\"disk\"]}'");
        scope = std::move(*parsed);
    }
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/caps/grant";
    request.body = json::to_text(json::Object{{"parent", arguments.one("PARENT")},
                                              {"capability", arguments.one("CAPABILITY")},
                                              {"for", arguments.one("for")},
                                              {"scope", std::move(scope)},
                                              {"reason", arguments.one("reason")}});
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    for (const json::Value& warning : items(member(answer.value, "warnings")))
        context.err << "endpointctl: " << context.verb << ": warning: " << printable(text_of(warning), 1024) << '\n';
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
        return kDone;
    }
    const std::string id = printable(text_of(member(answer.value, "id")));
    context.out << "lease:" << id << ": " << printable(arguments.one("CAPABILITY")) << " granted to " << printable(arguments.one("PARENT"))
                << " until " << printable(text_of(member(answer.value, "expires"))) << "; to end it before: endpointctl caps revoke " << id
                << '\n';
    return kDone;
}

int caps_revoke(const Context& context, const Arguments& arguments) {
    // As `caps show` writes it, too.
    constexpr std::string_view kPrefix = "lease:";
    std::string text = arguments.one("ID");
    if (text.starts_with(kPrefix)) text.erase(0, kPrefix.size());
    const Result<std::uint64_t> id = admin::whole_number("ID", text, 1, admin::kLargestId);
    if (!id) return report(context, kUsage, printable(id.error().text));
    HttpRequest request;
    request.method = "POST";
    request.target = "/v1/caps/revoke";
    request.body = json::to_text(json::Object{{"id", *id}});
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
    } else {
        context.out << "lease:" << *id << " is over: " << printable(text_of(member(answer.value, "capability"))) << " of "
                    << printable(text_of(member(answer.value, "parent"))) << '\n';
    }
    return kDone;
}

}  // namespace endpointd::ctl
