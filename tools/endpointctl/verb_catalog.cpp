// catalog list, show, render, run.

#include <ostream>

#include "admin/moment.hpp"
#include "admin/parameters.hpp"
#include "client.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

std::string joined(const json::Array& list) {
    std::string text;
    for (const json::Value& item : list) text += (text.empty() ? "" : ", ") + text_of(item);
    return text.empty() ? "-" : text;
}

void print_json(const Context& context, const json::Value& value) { context.out << json::to_pretty_text(value) << '\n'; }

std::string path_of(const Arguments& arguments) { return "/v1/catalog/" + admin::percent_encoded(arguments.one("NAME")); }

std::string state_word(const json::Value& state) {
    static constexpr const char* kWords[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    const double* const number = state.number();
    return number && *number >= 0 && *number <= 3 ? kWords[static_cast<int>(*number)] : "UNKNOWN";
}

std::string run_time(const json::Value& answer) {
    const std::string* const start = member(answer, "execution_start").string();
    const std::string* const end = member(answer, "execution_end").string();
    if (!start || !end) return {};
    const Result<WallTime> from = admin::parse_moment(*start, WallTime());
    const Result<WallTime> to = admin::parse_moment(*end, WallTime());
    return from && to ? ", " + duration_text(std::chrono::duration<double>(*to - *from).count()) : std::string();
}

}  // namespace

int catalog_list(const Context& context, const Arguments&) {
    const Answered answer = ask_daemon(context, {.target = "/v1/catalog", .body = {}});
    if (!answer.ok) return answer.status;
    if (context.json) return print_json(context, answer.value), kDone;
    Table table({"NAME", "KIND", "WEAKENED", "SOURCE", "DESCRIPTION"});
    for (const json::Value& command : items(member(answer.value, "commands"))) {
        table.add({text_of(member(command, "name")), text_of(member(command, "kind")), joined(items(member(command, "weakened"))),
                   text_of(member(command, "source")), text_of(member(command, "description"))});
    }
    table.print(context.out, context.color);
    return kDone;
}

int catalog_show(const Context& context, const Arguments& arguments) {
    const Answered answer = ask_daemon(context, {.target = path_of(arguments), .body = {}});
    if (!answer.ok) return answer.status;
    if (context.json) return print_json(context, answer.value), kDone;
    for (const char* const name : {"name", "kind", "description", "source"}) {
        context.out << name << ": " << printable(text_of(member(answer.value, name))) << '\n';
    }
    context.out << "weakened: " << printable(joined(items(member(answer.value, "weakened")))) << "\nentry:\n";
    print_block(context.out, json::to_pretty_text(member(answer.value, "entry")), "  ");
    return kDone;
}

int catalog_render(const Context& context, const Arguments& arguments) {
    HttpRequest request;
    request.target = path_of(arguments) + "/render";
    char mark = '?';
    for (const std::string& pair : arguments.all("param")) {
        if (pair.find('=') == std::string::npos)
            return report(context, kUsage, "--param takes NAME=VALUE, not '" + printable(pair, 64) + "'");
        request.target += mark + std::string("param=") + admin::percent_encoded(pair);
        mark = '&';
    }
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    if (context.json) return print_json(context, answer.value), kDone;
    const json::Array& argv = items(member(answer.value, "argv"));
    if (argv.empty()) context.out << "built into the daemon: no program is run\n";
    for (std::size_t i = 0; i < argv.size(); ++i) context.out << "argv[" << i << "]: " << printable(text_of(argv[i]), 4096) << '\n';
    if (const json::Object* env = member(answer.value, "env").object()) {
        for (const auto& [name, value] : *env) context.out << "env: " << printable(name) << '=' << printable(text_of(value), 4096) << '\n';
    }
    const json::Value& user = member(answer.value, "run_as");
    context.out << "run as: " << (user.is_null() ? "the daemon's user" : printable(text_of(user))) << '\n';
    context.out << "timeout: " << duration_text(number_of(member(answer.value, "timeout"))) << "\nsandbox:\n";
    print_block(context.out, json::to_pretty_text(member(answer.value, "sandbox")), "  ");
    return kDone;
}

int catalog_run(const Context& context, const Arguments& arguments) {
    admin::Query query;
    for (const std::string& pair : arguments.all("param")) query.emplace_back("param", pair);
    Result<json::Object> parameters = admin::parameters_of_query(query);
    if (!parameters) return report(context, kUsage, printable(parameters.error().text));
    const Answered answer = ask_daemon(context, {.method = "POST",
                                                 .target = path_of(arguments) + "/run",
                                                 .body = json::to_text(json::Object{{"parameters", std::move(*parameters)}}),
                                                 .patience = Patience::as_long_as_it_takes});
    if (!answer.ok) return answer.status;
    if (context.json) return print_json(context, answer.value), kDone;
    print_block(context.out, text_of(member(answer.value, "output")), "");
    for (const json::Value& datum : items(member(answer.value, "performance_data"))) {
        context.out << "perfdata: " << printable(text_of(datum), 4096) << '\n';
    }
    context.out << "exit status " << text_of(member(answer.value, "exit_status")) << " (" << state_word(member(answer.value, "state"))
                << ')' << run_time(answer.value) << '\n';
    return kDone;
}

}  // namespace endpointd::ctl
