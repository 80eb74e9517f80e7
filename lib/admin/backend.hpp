#pragma once
// What the admin API needs of the daemon. The daemon's app implements it and
// hands it to the server; tests hand in a fake. Every function is called on the
// io_context's thread, and every callback must be called there, exactly once.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/findings.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace endpointd::catalog {
class Catalog;
}
namespace endpointd::policy {
struct Plan;
}
namespace endpointd::store {
class StoreThread;
}

namespace endpointd::admin {

// Who is at the other end of the socket, as the kernel says (SO_PEERCRED).
struct Caller {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
    std::string name;  // the user's name in /etc/passwd, else "uid 1000": what the audit shows as `by`
};

// `caps check`: would this parent be allowed to do that?
struct CapsQuestion {
    std::string parent;      // an endpoint's name
    std::string capability;  // as in caps.d; a name that is no capability is Errc::invalid
    std::optional<std::string> host;
    std::optional<std::string> service;  // the short name where there is a host
    std::optional<std::string> command;
    json::Object parameters;  // name -> text
};

// `caps grant`: what an operator asks for.
struct LeaseWish {
    std::string parent;      // an endpoint's name, or zone:NAME
    std::string capability;  // as in caps.d
    Duration length{};
    json::Object scope;  // as in caps.d
    std::string reason;
};

// `check now`, `pause`, `resume`.
struct CheckWish {
    enum class What { now, pause, resume };
    What what = What::now;
    std::string object;              // "host" or "host!service"
    std::optional<Duration> length;  // of a pause; none: until it is resumed
};

// Why there is no answer before the first evaluation has ended.
inline constexpr std::string_view kNoPlanYet = "the configuration is still being evaluated; ask again in a moment";

// Whether the daemon does its work; `reason` is for people.
struct Health {
    bool ok = true;
    std::string reason;
};

// The answer to a reload; `findings` has errors exactly when it was refused.
struct ReloadAnswer {
    bool reloaded = false;
    Findings findings;
};

class Backend {
public:
    virtual ~Backend() = default;

    // The JSON shape of `status` (interfaces.md, section 3).
    virtual json::Value status() const = 0;
    virtual Health health() const = 0;

    // The JSON shape of `caps show`, for one parent (a key of caps.d: an endpoint
    // or `zone:NAME`, or an endpoint that only its zone's entry covers) or for
    // all. Null: no such parent.
    virtual std::optional<json::Value> caps(const std::optional<std::string>& parent) const = 0;
    // The JSON shape of `caps check`. Errc::invalid: no such capability;
    // Errc::not_found: no such endpoint. A denial is no error.
    virtual Result<json::Value> caps_check(const CapsQuestion& question) const = 0;

    // Grants and revokes a lease, and audits it in the caller's name. The answers are the JSON shapes of `caps grant`
    // ({"id","expires","warnings"}) and `caps revoke` ({"id","parent","capability"}), once the store has it. Errc::invalid: the wish;
    // not_found: no such parent (the text names the known ones) or lease; too_large: too many leases; unavailable: the store.
    using LeaseDone = std::function<void(Result<json::Value>)>;
    virtual void grant_lease(LeaseWish wish, const Caller& caller, LeaseDone done) = 0;
    virtual void revoke_lease(std::uint64_t id, const Caller& caller, LeaseDone done) = 0;

    // The catalog in force; never null. Kept by whoever asked past a reload.
    virtual std::shared_ptr<const catalog::Catalog> catalog() const = 0;
    // The objects in force and what was refused; never null. Kept by whoever asked past the next plan.
    virtual std::shared_ptr<const policy::Plan> plan() const = 0;  // null: not yet
    // What becomes of the checks of a host or service ("host!service"): `state` of `objects show`. Null: it is not checked here.
    virtual json::Value check_view(const std::string& name) const = 0;
    // Has it checked now, paused or resumed, and audits it in the caller's name. Errc::not_found: it is not checked
    // here; Errc::invalid: nobody paused it; Errc::too_large: too many are paused.
    virtual Result<void> control_check(const CheckWish& wish, const Caller& caller) = 0;

    // runner.timeout: that of a command without its own.
    virtual Duration command_timeout() const = 0;

    // The audit. Lives as long as the backend.
    virtual store::StoreThread& store() = 0;

    // Runs a command of the catalog exactly as a parent's would be, and audits it
    // in the caller's name. The routes have checked that the command exists and that
    // every name in `parameters` (name -> text) is one of its parameters. The answer is the JSON shape of `catalog run`, or why
    // it was refused: not_found (no such command), not_permitted or invalid (a
    // parameter, the plugin), too_large (the queue is full), unavailable (no runner).
    using RunDone = std::function<void(Result<json::Value>)>;
    virtual void run_command(const std::string& name, json::Object parameters, const Caller& caller, RunDone done) = 0;

    // Reloads, all or nothing, and audits it in the caller's name.
    using ReloadDone = std::function<void(ReloadAnswer)>;
    virtual void reload(const Caller& caller, ReloadDone done) = 0;
};

}  // namespace endpointd::admin
