#pragma once
// How many strangers may be connected at once: a count of connections that have
// not yet proved who they are, in all and per source. Owned by the listener; one
// thread. IPv6 is counted per /64, which is what one host is given: counting each
// address would let one host pass as 2^64 of them.

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "base/limits.hpp"

namespace endpointd::net {

class AdmissionGate;

// One connection's place at the gate. Given back when released, or with the token:
// release it when the peer is authenticated, destroy it with the connection.
class Admission {
public:
    Admission(Admission&& other) noexcept = default;
    Admission& operator=(Admission&& other) noexcept;
    ~Admission();

    void release() noexcept;
    bool held() const noexcept { return gate_ != nullptr; }

private:
    friend class AdmissionGate;
    using Source = std::array<std::uint8_t, 9>;  // family and /32 or /64
    struct Counts;
    Admission(std::shared_ptr<Counts> gate, Source source) noexcept : gate_(std::move(gate)), source_(source) {}

    std::shared_ptr<Counts> gate_;  // shared, so that a token may outlive its gate
    Source source_{};
};

enum class AdmissionLimit { in_all, per_source };
std::string_view name_of(AdmissionLimit limit) noexcept;

class AdmissionGate {
public:
    explicit AdmissionGate(std::size_t in_all = limits::kUnauthenticated, std::size_t per_source = limits::kUnauthenticatedPerAddress);

    // Which limit stands in the way of a connection from `address`, if one does.
    std::optional<AdmissionLimit> full_for(const boost::asio::ip::address& address) const;
    // A place for it; only after full_for() said there is one.
    Admission admit(const boost::asio::ip::address& address);

    std::size_t held() const noexcept;

private:
    std::shared_ptr<Admission::Counts> counts_;
};

}  // namespace endpointd::net
