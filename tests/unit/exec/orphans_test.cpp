#include "exec/orphans.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace endpointd::exec {
namespace {

class OrphansTest : public testing::Test {
protected:
    OrphansTest() {
        context_.is_ours = [](pid_t) { return false; };
        context_.is_running_group = [this](pid_t) { return running_; };
        context_.is_running_mark = [](std::uint64_t) { return false; };
        context_.marked_run = [](pid_t) { return std::nullopt; };
        context_.kill = [this](pid_t pid) {
            killed_.push_back(pid);
            if (dies_) end(pid);
        };
        child_ = ::fork();
        if (child_ != 0) return;
        for (;;) ::pause();
    }
    ~OrphansTest() override { end(child_); }

    // Returns when it is a zombie, and leaves it one.
    static void end(pid_t pid) {
        siginfo_t info{};
        ::kill(pid, SIGKILL);
        ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
    }
    void sweep() { orphans_.sweep(SteadyTime(), context_); }

    Orphans orphans_;
    OrphanContext context_;
    std::vector<pid_t> killed_;
    pid_t child_ = -1;
    bool running_ = false;
    bool dies_ = false;
};

TEST_F(OrphansTest, OneThatSurvivesBeingKilledIsStuck) {
    sweep();
    EXPECT_EQ(killed_, std::vector<pid_t>{child_});
    EXPECT_EQ(orphans_.stuck(), 0U) << "it has had no time to end";
    sweep();
    EXPECT_EQ(orphans_.stuck(), 1U);
}

TEST_F(OrphansTest, OneThatEndsIsReapedAndNotStuck) {
    dies_ = true;
    sweep();
    sweep();
    EXPECT_EQ(killed_.size(), 1U);
    EXPECT_EQ(orphans_.stuck(), 0U);
    EXPECT_EQ(::waitpid(child_, nullptr, WNOHANG), -1) << "reaped";
}

TEST_F(OrphansTest, WhatBelongsToARunIsNeitherKilledNorStuck) {
    running_ = true;
    sweep();
    sweep();
    EXPECT_TRUE(killed_.empty());
    EXPECT_EQ(orphans_.stuck(), 0U);
}

TEST_F(OrphansTest, WhatASpawnerMayJustHaveStartedIsNeitherKilledNorStuck) {
    context_.oldest_unanswered = 0;
    sweep();
    sweep();
    EXPECT_TRUE(killed_.empty());
    EXPECT_EQ(orphans_.stuck(), 0U);
    EXPECT_TRUE(orphans_.next()) << "it is looked at again";
}

}  // namespace
}  // namespace endpointd::exec
