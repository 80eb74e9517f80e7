#include <gtest/gtest.h>

#include "dsl/zones.hpp"

namespace endpointd::dsl {
namespace {

// top <- master <- (own, beside) ; own <- below <- bottom ; and a zone for itself.
constexpr std::string_view kTree = R"(
object Endpoint "top1" { host = "top1" }
object Endpoint "master1" { host = "master1" }
object Endpoint "master2" { }
object Endpoint "agent" { host = "agent" }
object Endpoint "twin" { host = "twin" }
object Endpoint "beside1" { host = "beside1" }
object Endpoint "below1" { host = "below1"; port = 5666 }
object Endpoint "below2" { }
object Endpoint "bottom1" { host = "bottom1" }
object Endpoint "other1" { host = "other1" }
object Zone "top" { endpoints = [ "top1" ] }
object Zone "master" { parent = "top"; endpoints = [ "master2", "master1" ] }
object Zone "own" { parent = "master"; endpoints = [ "agent", "twin" ] }
object Zone "beside" { parent = "master"; endpoints = [ "beside1" ] }
object Zone "below" { parent = "own"; endpoints = [ "below1", "below2" ] }
object Zone "bottom" { parent = "below"; endpoints = [ "bottom1" ] }
object Zone "other" { endpoints = [ "other1" ] }
object Zone "global" { global = true }
)";

Topology tree() {
    Findings findings;
    std::optional<Topology> topology = load_zones({{"zones.d/zones.conf", "zones.conf", std::string(kTree)}}, "agent", "", findings);
    EXPECT_TRUE(topology.has_value()) << (findings.errors.empty() ? "" : findings.errors.front().message);
    return topology.value_or(Topology());
}

TEST(Topology, KnowsWhatEveryEndpointIsToUs) {
    const Topology topology = tree();
    EXPECT_EQ(topology.relation("agent"), Relation::self);
    EXPECT_EQ(topology.relation("twin"), Relation::sibling);
    EXPECT_EQ(topology.relation("master1"), Relation::parent);
    EXPECT_EQ(topology.relation("top1"), Relation::ancestor);
    EXPECT_EQ(topology.relation("below1"), Relation::child);
    EXPECT_EQ(topology.relation("bottom1"), Relation::descendant);
    EXPECT_EQ(topology.relation("beside1"), Relation::unrelated);
    EXPECT_EQ(topology.relation("other1"), Relation::unrelated);
    EXPECT_EQ(topology.relation("nobody"), Relation::unrelated);
    EXPECT_EQ(topology.relation("Master1"), Relation::unrelated);
}

TEST(Topology, OnlyTheOwnAndTheDirectParentZoneMaySendCommands) {
    const Topology topology = tree();
    for (const char* name : {"master1", "master2", "twin"}) EXPECT_TRUE(topology.is_parent(name)) << name;
    for (const char* name : {"agent", "top1", "beside1", "below1", "bottom1", "other1", "nobody", ""})
        EXPECT_FALSE(topology.is_parent(name)) << name;
}

TEST(Topology, ChildrenAreAllBelow) {
    const Topology topology = tree();
    for (const char* name : {"below1", "below2", "bottom1"}) EXPECT_TRUE(topology.is_child(name)) << name;
    for (const char* name : {"agent", "twin", "master1", "top1", "beside1", "other1"}) EXPECT_FALSE(topology.is_child(name)) << name;
}

TEST(Topology, AZoneSeesItselfWhatIsBelowAndWhatIsGlobal) {
    const Topology topology = tree();
    EXPECT_TRUE(topology.can_access("own", "own"));
    EXPECT_TRUE(topology.can_access("own", "bottom"));
    EXPECT_TRUE(topology.can_access("top", "bottom"));
    EXPECT_TRUE(topology.can_access("master", ""));
    EXPECT_TRUE(topology.can_access("other", "global"));
    EXPECT_FALSE(topology.can_access("own", "master"));
    EXPECT_FALSE(topology.can_access("beside", ""));
    EXPECT_FALSE(topology.can_access("beside", "own"));
    EXPECT_FALSE(topology.can_access("own", "other"));
    EXPECT_FALSE(topology.can_access("nowhere", "global"));
    EXPECT_FALSE(topology.can_access("own", "nowhere"));
}

TEST(Topology, DialsTheOwnTheParentAndTheChildZonesWhereAHostIsSet) {
    const Topology topology = tree();
    std::vector<std::string> names;
    for (const Endpoint* other : topology.whom_to_dial()) names.push_back(other->name);
    EXPECT_EQ(names, (std::vector<std::string>{"below1", "master1", "twin"}));
}

TEST(Topology, ACopyAnswersLikeTheOriginal) {
    Topology copy;
    {
        const Topology topology = tree();
        copy = topology;
    }
    EXPECT_EQ(copy.local_zone().name, "own");
    EXPECT_EQ(copy.whom_to_dial().size(), 3u);
    EXPECT_EQ(copy.zone("master")->endpoints, (std::vector<std::string>{"master2", "master1"}));
}

TEST(Topology, WithoutAParentZoneNobodyIsAnAncestor) {
    Findings findings;
    const auto topology = load_zones({{"z", "z", "object Endpoint \"agent\" { }\nobject Zone \"agent\" { endpoints = [ \"agent\" ] }"}},
                                     "agent", "", findings);
    ASSERT_TRUE(topology);
    EXPECT_FALSE(topology->is_parent("agent"));
    EXPECT_TRUE(topology->whom_to_dial().empty());
    EXPECT_FALSE(topology->is_at_or_below("agent", ""));
}

}  // namespace
}  // namespace endpointd::dsl
