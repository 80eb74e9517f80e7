#pragma once
// The state and the steps behind RunnerClient; see exec/client.hpp. Kept alive by
// the handlers that are under way, which do nothing once it is closed.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "exec/channel.hpp"
#include "exec/client.hpp"
#include "exec/protocol.hpp"
#include "exec/socket_watch.hpp"

namespace endpointd::exec {

class RunnerClient::Impl : public std::enable_shared_from_this<RunnerClient::Impl> {
public:
    Impl(boost::asio::io_context& io, const Log& log, const Clock& clock, UniqueFd starter, ClientConfig config, ClientEvents events);

    void open();
    void close();

    RunId run(RunRequest request, std::function<void(Outcome)> done);
    void cancel(RunId id);
    void prepare_reload(std::function<void(Result<ReloadAnswer>)> done);
    void commit_reload(std::function<void(Result<void>)> done);
    void abort_reload();
    void configure(ClientConfig config);
    void restart_runner();
    void open_settings(std::function<void(Result<UniqueFd>)> done);
    RunnerCounters counters() const;
    void stop(std::function<void()> done);

private:
    using Done = std::function<void(Outcome)>;
    struct Waiting {
        RunRequest request;
        Done done;
    };
    struct InFlight {
        std::string command;
        double sent;
        Done done;
    };

    // The starter's socket.
    void starter_readable();
    void starter_packet(Packet packet);
    void starter_lost(const std::string& why);
    bool ask_starter(char what);

    // The runner's socket.
    void runner_readable();
    void runner_reply(Reply reply);
    void runner_connected(UniqueFd socket);
    void runner_lost();
    bool send(const Request& request);
    void on_done(std::uint64_t id, Outcome outcome);

    void pump();
    void later(std::function<void()> what);
    void count(const Outcome& outcome);
    void expect_runner();
    void fail_waiting(const Outcome& outcome);
    void fail_reload(const Error& error);
    void end_in_flight(Verdict verdict, const std::string& before, const std::string& after);
    void stop_step();
    void finish_stop();

    boost::asio::io_context& io_;
    const Log& log_;
    const Clock& clock_;
    ClientConfig config_;
    ClientEvents events_;
    bool closed_ = false;

    UniqueFd starter_;
    std::unique_ptr<SocketWatch> starter_watch_;
    PacketBuffer starter_buffer_{};
    std::vector<std::function<void(Result<UniqueFd>)>> settings_asked_;

    std::optional<Channel> runner_;
    std::unique_ptr<SocketWatch> runner_watch_;
    bool ready_ = false;
    bool paused_ = false;         // the runner is to be replaced: nothing more is sent to this one
    bool restart_asked_ = false;  // ask the starter once nothing is in flight
    boost::asio::steady_timer away_;

    std::map<RunId, Waiting> waiting_;  // ids rise, so this is a queue
    std::unordered_map<RunId, InFlight> in_flight_;
    RunId next_id_ = 1;
    RunnerCounters counters_;

    std::function<void(Result<ReloadAnswer>)> prepare_done_;
    std::function<void(Result<void>)> commit_done_;
    bool prepared_restarts_ = false;

    enum class Stop { no, patient, cancelling, done } stop_ = Stop::no;
    boost::asio::steady_timer stop_timer_;
    std::function<void()> stop_done_;
};

}  // namespace endpointd::exec
