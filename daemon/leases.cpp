// The leases' part of the app: what the admin API asks, and the rules they become.

#include "app_impl.hpp"

namespace endpointd {

void App::Impl::start_leases() {
    leases_ = std::make_unique<cluster::Leases>(cluster::Leases::Ways{
        clock_, log_, [this](store::AuditEntry entry) { store_->record(std::move(entry)); }, [this] { return store_->status().failing; },
        [this](store::LeaseChange change, std::function<void(bool)> done) {
            store_->change_leases(std::move(change), [done = std::move(done)](const Result<void>& written) { done(written.has_value()); });
        },
        [this] {
            if (stopping_) return;
            // What was pushed is judged anew by it, and what waits behind max_concurrent.
            apply_rules();
            await_end_of_lease();
        }});
    leases_->load(store_->take_leases());
    await_end_of_lease();
}

void App::Impl::await_end_of_lease() {
    lease_timer_.cancel();
    const std::optional<Duration> end = leases_->next_end();
    if (!end || stopping_) return;
    lease_timer_.expires_after(*end);
    lease_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        leases_->tick();
        await_end_of_lease();
    });
}

void App::Impl::grant_lease(admin::LeaseWish wish, const admin::Caller& caller, LeaseDone done) {
    std::vector<std::string> commands;
    for (const auto& [name, command] : configuration_.catalog->commands()) commands.push_back(name);
    const policy::KnownNames known{configuration_.topology.get(), std::move(commands)};
    leases_->grant({std::move(wish.parent), std::move(wish.capability), wish.length, std::move(wish.scope), std::move(wish.reason)},
                   caller.name, known, [done = std::move(done)](const Result<cluster::Leases::Granted>& granted) {
                       if (!granted) return done(granted.error());
                       json::Array warnings;
                       for (const std::string& warning : granted->warnings) warnings.emplace_back(warning);
                       done(json::Value(json::Object{
                           {"id", granted->lease.id}, {"expires", to_rfc3339(granted->lease.expires)}, {"warnings", std::move(warnings)}}));
                   });
}

void App::Impl::revoke_lease(std::uint64_t id, const admin::Caller& caller, LeaseDone done) {
    leases_->revoke(id, caller.name, [done = std::move(done)](const Result<policy::Lease>& lease) {
        if (!lease) return done(lease.error());
        done(json::Value(json::Object{{"id", lease->id}, {"parent", lease->parent}, {"capability", policy::name_of(lease->capability)}}));
    });
}

}  // namespace endpointd
