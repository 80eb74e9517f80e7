#pragma once
// A test in the daemon's place: it has the socket of a real runner, and speaks to it
// in messages or in bytes.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <optional>
#include <string>
#include <utility>

#include "exec/channel.hpp"
#include "exec/fd_pass.hpp"
#include "exec/protocol.hpp"
#include "runner_fixture.hpp"

namespace endpointd::exec {

class RawDaemon : public RunnerFixture {
protected:
    // In the daemon's place: a starter of our own, and the end of its runner's socket.
    void start_runner() {
        stop_runner();
        auto starter = fork_starter(starter_config());
        ASSERT_TRUE(starter.has_value());
        starter_pid_ = starter->pid;
        to_starter_ = std::move(starter->fd);
        PacketBuffer buffer;
        auto packet = receive_packet(to_starter_.get(), buffer, 1);
        ASSERT_TRUE(packet.has_value() && packet->fds.size() == 1);
        socket_ = packet->fds.front().get();
        channel_.emplace(std::move(packet->fds.front()), kReplyBytes);
        const auto ready = next_reply();
        ASSERT_TRUE(ready.has_value());
        ASSERT_TRUE(std::holds_alternative<Ready>(*ready));
        runner_ = std::get<Ready>(*ready).pid;
    }
    void stop_runner() {
        channel_.reset();
        to_starter_.reset();
        if (starter_pid_ > 0) ::waitpid(std::exchange(starter_pid_, 0), nullptr, 0);
    }
    void TearDown() override { stop_runner(); }
    // Its socket is closed; its process follows.
    void await_end() {
        while (exists(runner_)) ::poll(nullptr, 0, 1);
    }
    void send(const Request& request) { ASSERT_TRUE(channel_->send(*encode(request)).has_value()); }
    // None: the runner closed its end.
    std::optional<Reply> next_reply() {
        for (;;) {
            auto received = channel_->receive();
            if (!received || received->state == Channel::Received::State::closed) return std::nullopt;
            if (received->state == Channel::Received::State::message) return *decode_reply(received->message.bytes);
            pollfd wait{socket_, static_cast<short>(channel_->waiting() ? POLLIN | POLLOUT : POLLIN), 0};
            if (::poll(&wait, 1, 60'000) <= 0) return std::nullopt;
            if ((wait.revents & POLLOUT) != 0 && !channel_->flush()) return std::nullopt;
        }
    }
    RunCommand run_of(std::uint64_t id, const std::string& command) { return {id, {command, RunKind::check, Duration(0), {}}}; }

    pid_t starter_pid_ = 0;
    pid_t runner_ = 0;
    UniqueFd to_starter_;
    int socket_ = -1;
    std::optional<Channel> channel_;
};

}  // namespace endpointd::exec
