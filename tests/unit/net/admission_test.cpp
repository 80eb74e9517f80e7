#include "net/admission.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace endpointd::net {
namespace {

using boost::asio::ip::make_address;

TEST(Admission, CountsPerSourceAndInAll) {
    AdmissionGate gate(3, 2);
    std::vector<Admission> held;
    held.push_back(gate.admit(make_address("192.0.2.1")));
    held.push_back(gate.admit(make_address("192.0.2.1")));
    EXPECT_EQ(gate.full_for(make_address("192.0.2.1")), AdmissionLimit::per_source);
    EXPECT_EQ(gate.full_for(make_address("192.0.2.2")), std::nullopt);
    held.push_back(gate.admit(make_address("192.0.2.2")));
    EXPECT_EQ(gate.full_for(make_address("192.0.2.3")), AdmissionLimit::in_all);
    EXPECT_EQ(gate.held(), 3u);
    held.clear();
    EXPECT_EQ(gate.held(), 0u);
    EXPECT_EQ(gate.full_for(make_address("192.0.2.1")), std::nullopt);
}

TEST(Admission, IsGivenBackOnce) {
    AdmissionGate gate(4, 4);
    Admission one = gate.admit(make_address("192.0.2.1"));
    Admission two = gate.admit(make_address("192.0.2.1"));
    one.release();
    one.release();
    EXPECT_FALSE(one.held());
    EXPECT_EQ(gate.held(), 1u);
    one = std::move(two);
    EXPECT_EQ(gate.held(), 1u);
    one = gate.admit(make_address("192.0.2.9"));
    EXPECT_EQ(gate.held(), 1u);
}

TEST(Admission, CountsIpv6PerNetworkOfOneHost) {
    AdmissionGate gate(8, 1);
    const Admission held = gate.admit(make_address("2001:db8:0:1::1"));
    EXPECT_EQ(gate.full_for(make_address("2001:db8:0:1:ffff:ffff:ffff:ffff")), AdmissionLimit::per_source);
    EXPECT_EQ(gate.full_for(make_address("2001:db8:0:2::1")), std::nullopt);
}

TEST(Admission, SeesAnIpv4AddressInIpv6Clothes) {
    AdmissionGate gate(8, 1);
    const Admission held = gate.admit(make_address("192.0.2.1"));
    EXPECT_EQ(gate.full_for(make_address("::ffff:192.0.2.1")), AdmissionLimit::per_source);
    EXPECT_EQ(gate.full_for(make_address("::ffff:192.0.2.2")), std::nullopt);
}

TEST(Admission, MayOutliveItsGate) {
    std::optional<AdmissionGate> gate(std::in_place, 1, 1);
    const Admission held = gate->admit(make_address("192.0.2.1"));
    gate.reset();
    EXPECT_TRUE(held.held());
}

}  // namespace
}  // namespace endpointd::net
