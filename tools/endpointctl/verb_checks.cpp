// check now, pause, resume.

#include <ostream>

#include "base/units.hpp"
#include "client.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

int control(const Context& context, const Arguments& arguments, const char* target, const std::string& what) {
    json::Object body{{"object", arguments.one("OBJECT")}};
    if (arguments.has("for")) {
        if (const Result<Duration> length = parse_duration(arguments.one("for")); !length)
            return report(context, kUsage, "--for: " + printable(length.error().text));
        body.set("for", arguments.one("for"));
    }
    HttpRequest request;
    request.method = "POST";
    request.target = target;
    request.body = json::to_text(body);
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    if (context.json) context.out << json::to_pretty_text(answer.value) << '\n';
    else context.out << printable(arguments.one("OBJECT")) << ": " << what << '\n';
    return kDone;
}

}  // namespace

int check_now(const Context& context, const Arguments& arguments) {
    return control(context, arguments, "/v1/checks/now", "is checked now");
}

int pause_check(const Context& context, const Arguments& arguments) {
    const std::string how_long =
        arguments.has("for") ? "paused for " + printable(arguments.one("for")) : std::string("paused until `endpointctl resume`");
    return control(context, arguments, "/v1/checks/pause", how_long);
}

int resume_check(const Context& context, const Arguments& arguments) {
    return control(context, arguments, "/v1/checks/resume", "is checked again");
}

}  // namespace endpointd::ctl
