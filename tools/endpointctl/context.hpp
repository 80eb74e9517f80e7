#pragma once
// What every verb is handed: where things are, how to answer, and the exit
// statuses (interfaces.md, section 3). Built by main from the command line; lives
// as long as the verb runs.

#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace endpointd::ctl {

enum ExitStatus : int {
    kDone = 0,         // done, or allowed
    kNo = 1,           // denied, invalid, broken chain, not found
    kUsage = 2,        // wrong usage, or a configuration that keeps endpointctl from working
    kUnreachable = 3,  // the daemon cannot be reached
};

struct Context {
    std::string config = "/etc/endpointd";
    std::string state = "/var/lib/endpointd";
    std::string run = "/run/endpointd";
    bool json = false;
    bool color = false;
    std::string verb;  // "audit list", for messages
    std::ostream& out;
    std::ostream& err;
    const Clock& clock;
};

// A verb's own arguments after the grammar took them: by the option's name without
// dashes, or the positional's name.
class Arguments {
public:
    bool has(std::string_view name) const { return values_.contains(name); }
    // Empty if it was not given.
    std::string one(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() || found->second.empty() ? std::string() : found->second.front();
    }
    std::vector<std::string> all(std::string_view name) const {
        const auto found = values_.find(name);
        return found == values_.end() ? std::vector<std::string>() : found->second;
    }
    void set(std::string name, std::vector<std::string> values) { values_[std::move(name)] = std::move(values); }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// Prints `endpointctl: <verb>: <why>` on stderr and returns `status`.
int report(const Context& context, ExitStatus status, std::string_view why);

}  // namespace endpointd::ctl
