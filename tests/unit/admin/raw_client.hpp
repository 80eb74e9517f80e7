#pragma once
// A client that sends exactly the bytes a test wants and reads what comes.

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/unique_fd.hpp"

namespace endpointd::test {

class RawClient {
public:
    explicit RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
        connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    bool connected() const noexcept { return connected_; }

    // False: the other side has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    // Everything until the other side closes.
    std::string read_to_end() {
        std::string all;
        while (read_some(all)) {
        }
        return all;
    }

    // Until `wanted` stands in what was read, or the other side closes.
    std::string read_until(std::string_view wanted) {
        std::string all;
        while (all.find(wanted) == std::string::npos && read_some(all)) {
        }
        return all;
    }

    void close() { fd_.reset(); }

private:
    // False at the end, and when nothing came for so long that something is broken.
    bool read_some(std::string& all) {
        pollfd ready{fd_.get(), POLLIN, 0};
        if (::poll(&ready, 1, 60'000) != 1) {
            ADD_FAILURE() << "no answer; so far: " << all;
            return false;
        }
        char buffer[65536];
        const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (size <= 0) return false;
        all.append(buffer, static_cast<std::size_t>(size));
        return true;
    }

    UniqueFd fd_;
    bool connected_ = false;
};

// One request on a connection of its own; the whole answer.
inline std::string ask(const std::string& socket, const std::string& method, const std::string& target, const std::string& body = {}) {
    RawClient client(socket);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    return client.read_to_end();
}

}  // namespace endpointd::test
