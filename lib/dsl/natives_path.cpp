// Texts for paths and shells. No file is looked at.

#include "dsl/natives_impl.hpp"

namespace endpointd::dsl {

namespace {

constexpr std::string_view kShellMeta = "#&;`|*?~<>^()[]{}$\\\n\xff";

// "//host" without anything behind it is a name as a whole.
bool is_host_name(std::string_view path) noexcept {
    return path.size() > 2 && path[0] == '/' && path[1] == '/' && path[2] != '/' && path.find('/', 2) == std::string_view::npos;
}

// Where the last part of the path begins.
std::size_t last_part(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos || is_host_name(path) ? 0 : slash + 1;
}

}  // namespace

Value native_basename(Call& call) {
    const TextOf path(call, call.argument(0));
    const std::string_view view = path.view();
    const std::size_t from = last_part(view);
    if (from < view.size() || view.empty()) return call.heap.text(std::string(view.substr(from)));
    if (view == "//") return call.heap.text("//");
    const std::size_t end = view.find_last_not_of('/');
    const bool is_root = end == std::string_view::npos || (is_host_name(view.substr(0, end + 1)) && view.size() == end + 2);
    return call.heap.text(is_root ? "/" : ".");
}

Value native_dirname(Call& call) {
    const TextOf path(call, call.argument(0));
    const std::string_view view = path.view();
    const std::size_t from = last_part(view);
    if (from == 0) return call.heap.text({});
    const std::size_t end = view.substr(0, from).find_last_not_of('/');
    if (end == std::string_view::npos) return call.heap.text(from == view.size() ? "" : "/");
    std::string_view parent = view.substr(0, end + 1);
    // The root directory of a "//host" keeps its slash.
    if (from < view.size() && is_host_name(parent)) parent = view.substr(0, end + 2);
    return call.heap.text(std::string(parent));
}

Value native_escape_shell_arg(Call& call) {
    const TextOf text(call, call.argument(0));
    call.heap.budget().take(4 * text.view().size());
    std::string made = "'";
    for (const char c : text.view()) {
        if (c == '\'') made += "'\\'";
        made += c;
    }
    return call.heap.text(std::move(made += '\''));
}

Value native_escape_shell_cmd(Call& call) {
    const TextOf text(call, call.argument(0));
    const std::string_view view = text.view();
    call.heap.budget().take(2 * view.size());
    std::string made;
    std::size_t closing = std::string_view::npos;  // of the quotation we are in
    for (std::size_t i = 0; i < view.size(); ++i) {
        const char c = view[i];
        bool escape = kShellMeta.find(c) != std::string_view::npos;
        if (c == '"' || c == '\'') {
            if (closing == std::string_view::npos) escape = (closing = view.find(c, i + 1)) == std::string_view::npos;
            else if (closing == i) closing = std::string_view::npos;
            else escape = true;
        }
        if (escape) made += '\\';
        made += c;
    }
    return call.heap.text(std::move(made));
}

}  // namespace endpointd::dsl
