#include "net/admission.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace endpointd::net {

struct Admission::Counts {
    std::size_t most_in_all;
    std::size_t most_per_source;
    std::size_t in_all = 0;
    std::map<Source, std::size_t> by_source;

    static Source source_of(const boost::asio::ip::address& address);
};

Admission::Source Admission::Counts::source_of(const boost::asio::ip::address& address) {
    Source source{};
    if (address.is_v4() || address.to_v6().is_v4_mapped()) {
        const auto v4 = address.is_v4() ? address.to_v4() : make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
        const auto bytes = v4.to_bytes();
        source[0] = 4;
        std::copy(bytes.begin(), bytes.end(), source.begin() + 1);
    } else {
        const auto bytes = address.to_v6().to_bytes();
        source[0] = 6;
        std::copy(bytes.begin(), bytes.begin() + 8, source.begin() + 1);
    }
    return source;
}

Admission& Admission::operator=(Admission&& other) noexcept {
    if (this != &other) {
        release();
        gate_ = std::move(other.gate_);
        source_ = other.source_;
    }
    return *this;
}

Admission::~Admission() { release(); }

void Admission::release() noexcept {
    const std::shared_ptr<Counts> gate = std::exchange(gate_, nullptr);
    if (!gate) return;
    --gate->in_all;
    const auto at = gate->by_source.find(source_);
    if (at != gate->by_source.end() && --at->second == 0) gate->by_source.erase(at);
}

std::string_view name_of(AdmissionLimit limit) noexcept {
    return limit == AdmissionLimit::in_all ? "too many unauthenticated connections"
                                           : "too many unauthenticated connections from one source";
}

AdmissionGate::AdmissionGate(std::size_t in_all, std::size_t per_source)
    : counts_(std::make_shared<Admission::Counts>(Admission::Counts{in_all, per_source, 0, {}})) {}

std::optional<AdmissionLimit> AdmissionGate::full_for(const boost::asio::ip::address& address) const {
    const auto at = counts_->by_source.find(Admission::Counts::source_of(address));
    // The narrower one first: it names who is to blame.
    if ((at == counts_->by_source.end() ? 0 : at->second) >= counts_->most_per_source) return AdmissionLimit::per_source;
    if (counts_->in_all >= counts_->most_in_all) return AdmissionLimit::in_all;
    return std::nullopt;
}

Admission AdmissionGate::admit(const boost::asio::ip::address& address) {
    EP_ASSERT(!full_for(address));
    const auto source = Admission::Counts::source_of(address);
    ++counts_->by_source[source];
    ++counts_->in_all;
    return Admission(counts_, source);
}

std::size_t AdmissionGate::held() const noexcept { return counts_->in_all; }

}  // namespace endpointd::net
