#pragma once
// Which hosts and services are reachable, as far as their dependencies tell: those that
// are not keep quiet, and where a dependency says so are not checked (protocol, 7.2).
// Values in, values out; immutable once made, any thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/checkable.hpp"

namespace endpointd::schedule {

// Dependencies behind each other, as in later versions of Icinga; what hangs on more is not reachable.
inline constexpr std::size_t kDependencyLevels = 256;
// Parents, and theirs, that one answer looks at: each answer is to stay under a millisecond, whatever a configuration
// says. What hangs on more is not reachable.
inline constexpr std::size_t kParentsInAnswer = 4096;

// Bits of Dependency::states, as upstream numbers them.
enum : std::uint8_t {
    kWhenOk = 1,
    kWhenWarning = 2,
    kWhenCritical = 4,
    kWhenUnknown = 8,
    kWhenUp = 16,
    kWhenDown = 32,
    kStatesOfService = kWhenOk | kWhenWarning,  // of a parent, where a dependency names none
    kStatesOfHost = kWhenUp,
};

struct Dependency {
    std::size_t parent = 0, child = 0;
    std::uint8_t states = 0;  // of the parent in which all is well
    bool ignore_soft_states = true;
    bool disable_checks = false;
    bool disable_notifications = true;
    std::string period = {};            // outside of it the dependency does not count; empty: it always does
    std::string redundancy_group = {};  // of those of a child in the same group one that holds is enough; empty: in none
};

// What is asked for: `reachable` as objects and results show it, or whether checks or notifications are held back.
enum class Purpose : std::uint8_t { state, check_execution, notification };

class Reachability {
public:
    inline static constexpr std::size_t kNoHost = static_cast<std::size_t>(-1);

    struct Node {
        std::size_t host = kNoHost;  // of a service; a host has none
    };
    // What the answer rests on besides. Both are called any number of times before the answer is given, and not afterwards;
    // the state has to live as long.
    struct Present {
        std::function<const CheckableState&(std::size_t)> state_of;
        std::function<bool(std::string_view)> inside;  // of a period, at the moment that is asked for
    };

    Reachability() = default;
    // Numbers of hosts and services are places in `nodes`.
    Reachability(std::vector<Node> nodes, std::vector<Dependency> dependencies);

    // False when a dependency does not hold or hangs on something that is not reachable itself. A service also depends on its host,
    // except for being checked: not reachable while that is DOWN for good. A parent that was never checked is as good as
    // one that is well. What depends on itself through others is not reachable, on itself at once: is.
    bool is_reachable(std::size_t checkable, Purpose purpose, const Present& present) const;

private:
    std::size_t edges_begin(std::size_t child) const noexcept;
    bool host_is_up(std::size_t checkable, Purpose purpose, const Present& present) const;
    bool holds(const Dependency& dependency, Purpose purpose, const Present& present) const;

    std::vector<Node> nodes_;
    std::vector<Dependency> dependencies_;  // by child, then by group
};

}  // namespace endpointd::schedule
