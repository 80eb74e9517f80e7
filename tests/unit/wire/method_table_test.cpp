#include "wire/method_table.hpp"

#include <gtest/gtest.h>

#include <set>

#include "wire/hello.hpp"

namespace endpointd::wire {
namespace {

TEST(MethodTable, NamesAllTwentyEightBothWays) {
    std::set<std::string_view> names;
    for (const MethodEntry& entry : methods()) {
        EXPECT_EQ(name_of(entry.method), entry.name);
        EXPECT_EQ(method_named(entry.name), entry.method);
        names.insert(entry.name);
    }
    EXPECT_EQ(names.size(), 28U);
}

TEST(MethodTable, KnowsExactNamesOnly) {
    for (const char* name : {"", "event::heartbeat", "Heartbeat", "event::Heartbeat ", "event::ExecuteCommands"})
        EXPECT_FALSE(method_named(name)) << name;
}

TEST(Hello, SaysWhatWeAre) {
    EXPECT_EQ(our_hello(), (Hello{21605, 1}));
    EXPECT_EQ(version_text(21306), "2.13.6");
    EXPECT_EQ(version_text(21605), "2.16.5");
    EXPECT_EQ(version_text(0), "unknown");
}

}  // namespace
}  // namespace endpointd::wire
