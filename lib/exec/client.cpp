#include "exec/client.hpp"

#include "exec/client_impl.hpp"

namespace endpointd::exec {

RunnerClient::RunnerClient(boost::asio::io_context& io, const Log& log, const Clock& clock, UniqueFd starter, ClientConfig config,
                           ClientEvents events)
    : impl_(std::make_shared<Impl>(io, log, clock, std::move(starter), config, std::move(events))) {
    impl_->open();
}

RunnerClient::~RunnerClient() { impl_->close(); }

RunId RunnerClient::run(RunRequest request, std::function<void(Outcome)> done) { return impl_->run(std::move(request), std::move(done)); }
void RunnerClient::cancel(RunId id) { impl_->cancel(id); }
void RunnerClient::prepare_reload(std::function<void(Result<ReloadAnswer>)> done) { impl_->prepare_reload(std::move(done)); }
void RunnerClient::commit_reload(std::function<void(Result<void>)> done) { impl_->commit_reload(std::move(done)); }
void RunnerClient::abort_reload() { impl_->abort_reload(); }
void RunnerClient::configure(ClientConfig config) { impl_->configure(config); }
void RunnerClient::restart_runner() { impl_->restart_runner(); }
void RunnerClient::open_settings(std::function<void(Result<UniqueFd>)> done) { impl_->open_settings(std::move(done)); }
RunnerCounters RunnerClient::counters() const { return impl_->counters(); }
void RunnerClient::stop(std::function<void()> done) { impl_->stop(std::move(done)); }

}  // namespace endpointd::exec
