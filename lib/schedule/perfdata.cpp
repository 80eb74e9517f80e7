#include "schedule/perfdata.hpp"

#include <algorithm>

namespace endpointd::schedule {

namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r";

}  // namespace

SplitOutput split_output(std::string_view output) {
    SplitOutput result;
    while (true) {
        // '\r' and '\n' end a line each, so that "\r\n" leaves an empty one between them.
        const std::size_t end = output.find_first_of("\r\n");
        const std::string_view line = output.substr(0, end);
        if (!result.text.empty()) result.text += '\n';
        const std::size_t bar = line.find('|');
        if (bar != std::string_view::npos && line.find('=', bar) != std::string_view::npos) {
            result.text += line.substr(0, bar);
            if (!result.performance_data.empty()) result.performance_data += ' ';
            result.performance_data += line.substr(bar + 1);
        } else {
            result.text += line;
        }
        if (end == std::string_view::npos) return result;
        output.remove_prefix(end + 1);
    }
}

std::vector<std::string> split_performance_data(std::string_view text) {
    std::vector<std::string> tokens;
    std::string prefix;  // of the last label with "::", for those without
    std::size_t equals = 0;
    while ((equals = text.find('=')) != std::string_view::npos) {
        std::string_view word = text.substr(0, equals);
        word.remove_prefix(std::min(word.find_first_not_of(kSpace), word.size()));
        if (word.size() > 2 && word.front() == '\'' && word.back() == '\'') word = word.substr(1, word.size() - 2);

        std::string label(word);
        const std::size_t colons = label.rfind("::");
        if (colons != std::string::npos) {
            prefix = label.substr(0, colons);
        } else if (!prefix.empty()) {
            label = prefix + "::" + label;
        }

        const std::size_t space = text.find(' ', equals);
        std::string token = label.find(' ') == std::string::npos ? label : '\'' + label + '\'';
        token += text.substr(equals, space == std::string_view::npos ? space : space - equals);
        tokens.push_back(std::move(token));
        if (space == std::string_view::npos) break;
        text.remove_prefix(space + 1);
    }
    return tokens;
}

}  // namespace endpointd::schedule
