// A reload, all or nothing: the whole directory is loaded and checked, the runner
// loads the same catalog, both compare its digest, then both switch. Any error
// keeps what is in force. No connection, no running plugin and no answer is lost.

#include <algorithm>
#include <boost/asio/post.hpp>
#include <iterator>

#include "app_impl.hpp"
#include "files/digest.hpp"
#include "service_notify.hpp"

namespace endpointd {

void App::Impl::apply_rules() {
    grants_ = std::make_shared<const policy::Grants>(configuration_.grants->with_leases(leases_->grants()));
    auto rules = std::make_shared<cluster::Rules>();
    rules->topology = configuration_.topology;
    rules->grants = grants_;
    rules->catalog = configuration_.catalog;
    rules->runner_timeout = configuration_.settings.runner.timeout;
    rules->queue = configuration_.settings.runner.queue;
    rules->answers_kept = configuration_.settings.replay.max_age;
    rules->slots = configuration_.settings.runner.max_concurrent;
    rules->outbox_size = configuration_.settings.replay.max_size;
    rules->local = configuration_.local;
    const settings::Limits& limits = configuration_.settings.limits;
    rules->update_limits = {limits.config_files, limits.config_size};
    rules->evaluation_limits.steps = limits.eval_steps;
    rules->evaluation_limits.depth = static_cast<unsigned>(limits.eval_depth);
    rules->evaluation_limits.objects = limits.objects;
    outbound_->configure({rules->topology, rules->grants, rules->answers_kept, rules->outbox_size});
    dispatcher_->configure(std::move(rules));
}

void App::Impl::reload(const admin::Caller& caller, ReloadDone done) { reload_by(caller.name, std::move(done)); }

void App::Impl::reload_by(std::string by, ReloadDone done) {
    Findings findings;
    const auto refuse = [&](std::string why) {
        findings.errors.push_back({directories_.config, 0, 0, std::nullopt, std::move(why)});
        done({false, findings});
    };
    if (stopping_ || !serving_) return refuse("the daemon is starting or stopping");
    if (reloading_) return refuse("a reload is under way; try again when it is over");
    reloading_ = std::move(done);
    notify_service_manager("RELOADING=1");
    // Confined, we could not open a file that was replaced by rename: the starter can.
    runner_->open_settings([this, by = std::move(by)](Result<UniqueFd> opened) {
        if (opened) return load_anew(by, std::make_shared<const UniqueFd>(std::move(*opened)));
        if (opened.error().code == Errc::not_found) return load_anew(by, std::make_shared<const UniqueFd>());
        Findings refused;
        refused.errors.push_back({directories_.config + "/endpointd.json", 0, 0, std::nullopt, opened.error().text});
        finish_reload(by, std::move(refused), false);
    });
}

void App::Impl::load_anew(const std::string& by, std::shared_ptr<const UniqueFd> settings) {
    Findings findings;
    source_.settings = std::move(settings);
    auto loaded = load_configuration(source_, findings);
    source_.settings.reset();
    explain_refusals(findings);
    for (const std::string& path : lost_files(confinement_))
        findings.warnings.push_back(
            {path, 0, 0, std::nullopt, "was replaced, and the confined daemon cannot read the new file: restart endpointd"});
    if (loaded && loaded->settings.node.name != configuration_.settings.node.name) {
        // Every connection and every answer speaks in the old name.
        findings.errors.push_back(
            {directories_.config + "/endpointd.json", 0, 0, "/node/name", "this node's name changed; restart endpointd to take it over"});
        loaded.reset();
    }
    if (!loaded) return finish_reload(by, std::move(findings), false);

    auto next = std::make_shared<Configuration>(std::move(*loaded));
    auto found = std::make_shared<Findings>(std::move(findings));
    runner_->prepare_reload([this, by, next, found](Result<exec::ReloadAnswer> prepared) {
        const auto refuse_prepared = [&](std::string why) {
            found->errors.push_back({directories_.config + "/catalog.d", 0, 0, std::nullopt, std::move(why)});
            finish_reload(by, std::move(*found), false);
        };
        if (!prepared) return refuse_prepared("the runner refuses the catalog: " + prepared.error().text);
        if (prepared->digest != files::sha256_hex(next->catalog->canonical_text())) {
            runner_->abort_reload();
            return refuse_prepared("catalog.d changed while it was loaded; reload again");
        }
        runner_->commit_reload([this, by, next, found](Result<void> committed) {
            if (!committed) {
                found->errors.push_back(
                    {directories_.config + "/catalog.d", 0, 0, std::nullopt, "the runner did not switch: " + committed.error().text});
                return finish_reload(by, std::move(*found), false);
            }
            for (const std::string& setting : settings::needing_restart(configuration_.settings, next->settings))
                found->warnings.push_back(
                    {directories_.config + "/endpointd.json", 0, 0, setting, "changed; it counts after a restart of endpointd"});
            std::ranges::move(needing_wider_confinement(confinement_, *next), std::back_inserter(found->warnings));
            // What counts only after a restart stays as it is.
            next->settings.listen = configuration_.settings.listen;
            next->settings.admin = configuration_.settings.admin;
            next->settings.user = configuration_.settings.user;
            next->settings.confinement = configuration_.settings.confinement;
            switch_to(std::move(*next));
            finish_reload(by, std::move(*found), true);
        });
    });
}

void App::Impl::switch_to(Configuration loaded) {
    configuration_ = std::move(loaded);
    const settings::Settings& settings = configuration_.settings;
    log_.configure(settings.log.level, settings.log.format);
    store_->set_audit_limits(settings.audit.max_age, settings.audit.max_size);
    runner_->configure({settings.runner.max_concurrent, settings.runner.queue});
    follow_audit();
    apply_rules();
    peers_->configure(peers_config());
}

void App::Impl::finish_reload(const std::string& by, Findings findings, bool reloaded) {
    for (const Finding& error : findings.errors)
        log_.error("reload", error.message, {{"file", error.file}, {"line", error.line}, {"column", error.column}});
    for (const Finding& warning : findings.warnings)
        log_.warning("reload", warning.message, {{"file", warning.file}, {"line", warning.line}});
    if (reloaded) log_.info("reload", "the new configuration is in force", {{"by", by}});
    else log_.error("reload", "refused: the running configuration stays in force", {{"by", by}});
    store::AuditEntry entry;
    entry.decision = reloaded ? store::Decision::changed : store::Decision::rejected;
    entry.reason = reloaded ? store::Reason::ok : store::Reason::syntax_error;
    entry.object_type = "Configuration";
    entry.detail =
        reloaded ? "reloaded by " + by
                 : "a reload by " + by + " was refused: " + (findings.errors.empty() ? std::string() : findings.errors.front().message);
    store_->record(std::move(entry));
    notify_service_manager("READY=1");
    const ReloadDone done = std::move(*reloading_);
    reloading_.reset();
    done({reloaded, std::move(findings)});
}

}  // namespace endpointd
