// export parent-config: what a parent needs to take the results of what this node owns.

#include <ostream>
#include <utility>

#include "admin/query.hpp"
#include "client.hpp"
#include "json/document.hpp"
#include "object_lines.hpp"
#include "output_file.hpp"
#include "parent_stubs.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

constexpr std::string_view kIcinga = "icinga", kDirector = "director-json";

std::string counted(std::size_t number, const char* what) { return std::to_string(number) + " " + what + (number == 1 ? "" : "s"); }

// Reads all of the daemon's objects. Not kDone: it was reported.
int collect(const Context& context, const std::string& parent, ParentStubs& stubs) {
    HttpRequest request{.target = "/v1/objects", .body = {}, .patience = Patience::as_long_as_it_takes};
    if (!parent.empty()) request.target += "?results_of=" + admin::percent_encoded(parent);
    ObjectLines lines;
    bool broken = false;
    const Result<HttpAnswer> answer = Client(socket_path(context)).stream(request, [&](std::string_view piece) {
        for (const std::string& line : lines.take(piece)) {
            const Result<json::Value> object = json::parse(line);
            if (!object || !stubs.add(*object)) return !(broken = true);
        }
        return true;
    });
    if (!answer) return report_failure(context, answer.error());
    if (answer->status != 200) return report_refusal(context, *answer);
    if (broken || !lines.whole())
        return report(context, kUnreachable, "the daemon's answer is no list of objects; do the versions of both agree?");
    return kDone;
}

}  // namespace

int export_parent_config(const Context& context, const Arguments& arguments) {
    const std::string format = arguments.has("format") ? arguments.one("format") : std::string(kIcinga);
    if (format != kIcinga && format != kDirector)
        return report(context, kUsage, "unknown format '" + printable(format, 64) + "'; known: icinga, director-json");
    const std::string parent = arguments.one("parent");
    if (arguments.has("parent") && parent.empty()) return report(context, kUsage, "--parent names an endpoint");

    const Answered status = ask_daemon(context, {.target = "/v1/status", .body = {}});
    if (!status.ok) return status.status;
    const std::string* const zone = member(status.value, "zone").string();
    if (!zone) return report(context, kUnreachable, "the daemon's answer names no zone; do the versions of both agree?");
    ParentStubs collected(*zone, !parent.empty());
    if (const int failed = collect(context, parent, collected); failed != kDone) return failed;

    const std::vector<Stub> stubs = collected.stubs();
    std::size_t hosts = 0;
    for (const Stub& stub : stubs) hosts += stub.service.empty() ? 1 : 0;
    std::vector<std::string> notes;
    json::Value made;
    std::string text;
    if (format == kIcinga) {
        text = icinga_text(stubs);
        made = text;
    } else {
        made = director_json(stubs, notes);
        text = json::to_pretty_text(made) + "\n";
    }
    const bool to_file = arguments.has("output");
    if (to_file && !write_output(context, arguments.one("output"), text, IfThere::replace)) return kUsage;
    if (context.json) {
        json::Array listed(notes.begin(), notes.end());
        context.out << json::to_pretty_text(json::Object{{"zone", *zone},
                                                         {"format", format},
                                                         {"hosts", hosts},
                                                         {"services", stubs.size() - hosts},
                                                         {"left_out", json::Object{{"of_parents", collected.of_parents()},
                                                                                   {"other_zones", collected.elsewhere()},
                                                                                   {"not_granted", collected.unseen()}}},
                                                         {"notes", std::move(listed)},
                                                         {"config", to_file ? json::Value() : std::move(made)}})
                    << '\n';
        return kDone;
    }
    if (!to_file) context.out << text;
    for (const std::string& note : notes) context.err << note << '\n';
    context.err << "exported " << counted(hosts, "host") << ", " << counted(stubs.size() - hosts, "service") << "; left out "
                << collected.of_parents() << " that parents made, " << collected.elsewhere() << " in other zones";
    if (!parent.empty()) context.err << ", " << collected.unseen() << " without `results` for " << printable(parent);
    context.err << '\n';
    return kDone;
}

}  // namespace endpointd::ctl
