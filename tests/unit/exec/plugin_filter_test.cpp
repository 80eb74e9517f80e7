// The seccomp programs as bytes; what they do to a plugin is in sandbox_test.

#include "exec/plugin_filter.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstring>
#include <iostream>
#include <set>
#include <vector>

#include "exec/sandbox.hpp"

namespace endpointd::exec {
namespace {

std::vector<sock_filter> instructions(const std::string& bytes) {
    std::vector<sock_filter> program(bytes.size() / sizeof(sock_filter));
    std::memcpy(program.data(), bytes.data(), program.size() * sizeof(sock_filter));
    return program;
}

constexpr SocketFamilies kEverySet[] = {{false, false}, {true, false}, {false, true}, {true, true}};

void expect_fits(const Result<std::string>& filter, const std::string& what) {
    ASSERT_TRUE(filter.has_value()) << filter.error().text;
    EXPECT_FALSE(filter->empty());
    EXPECT_EQ(filter->size() % sizeof(sock_filter), 0U);
    EXPECT_LT(filter->size(), kFilterBytes) << "or no kernel takes it";
    std::cout << what << ": " << filter->size() / sizeof(sock_filter) << " instructions\n";
}

TEST(PluginFilter, FitsIntoTheKernelsBound) {
    for (const SocketFamilies& families : kEverySet)
        expect_fits(plugin_filter(families, false),
                    std::string("plugin") + (families.network ? ", network" : "") + (families.unix_sockets ? ", unix_sockets" : ""));
    expect_fits(runner_filter(), "runner");
}

TEST(PluginFilter, EachSetOfFamiliesHasItsOwn) {
    std::set<std::string> different;
    for (const SocketFamilies& families : kEverySet) {
        const auto once = plugin_filter(families, false);
        const auto again = plugin_filter(families, false);
        ASSERT_TRUE(once.has_value() && again.has_value());
        EXPECT_EQ(*once, *again) << "the same sandbox is the same bytes";
        different.insert(*once);
    }
    EXPECT_EQ(different.size(), 4U);
}

TEST(PluginFilter, LooksAtTheArchitectureFirstAndKillsAnother) {
    for (const SocketFamilies& families : kEverySet) {
        const auto filter = plugin_filter(families, false);
        ASSERT_TRUE(filter.has_value());
        const auto program = instructions(*filter);
        ASSERT_FALSE(program.empty());
        EXPECT_EQ(program.front().code, BPF_LD | BPF_W | BPF_ABS);
        EXPECT_EQ(program.front().k, offsetof(seccomp_data, arch));
        bool kills = false;
        for (const sock_filter& instruction : program)
            kills |= instruction.code == (BPF_RET | BPF_K) && instruction.k == SECCOMP_RET_KILL_PROCESS;
        EXPECT_TRUE(kills);
    }
}

TEST(PluginFilter, EndsEveryWayInAnAnswer) {
    const auto filter = runner_filter();
    ASSERT_TRUE(filter.has_value());
    const auto program = instructions(*filter);
    EXPECT_EQ(program.back().code, BPF_RET | BPF_K);
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (BPF_CLASS(program[i].code) != BPF_JMP) continue;
        const std::size_t furthest = i + 1 + (BPF_OP(program[i].code) == BPF_JA ? program[i].k : std::max(program[i].jt, program[i].jf));
        EXPECT_LT(furthest, program.size()) << "instruction " << i;
    }
}

}  // namespace
}  // namespace endpointd::exec
