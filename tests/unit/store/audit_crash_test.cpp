// A writer is killed at some point, again and again: what it was told is committed
// is there afterwards, the chain verifies, and no id comes twice.

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/unique_fd.hpp"
#include "fixture.hpp"

namespace endpointd::store {
namespace {

class AuditCrash : public StoreTest {
protected:
    // In the child: writes until it is killed, and tells each id once it is committed.
    [[noreturn]] void write_for_ever(int out, int round) {
        SystemClock clock;
        auto database = Database::open(path("store.db"));
        if (!database || !migrate(**database)) ::_exit(3);
        auto audit = AuditLog::open(**database, clock, path("audit.head"));
        if (!audit) ::_exit(4);
        for (int i = 0;; ++i) {
            AuditEntry entry = denied("r" + std::to_string(round) + "-" + std::to_string(i / 3), "p" + std::to_string(i / 300));
            entry.content = std::string(static_cast<std::size_t>(i % 7) * 300, 'x');
            const auto id = (*audit)->append(entry);
            if (!id) ::_exit(5);
            if (i % 50 == 49 && !(*audit)->write_head_file()) ::_exit(6);
            if (::write(out, &*id, sizeof *id) != static_cast<ssize_t>(sizeof *id)) ::_exit(7);
        }
    }
};

TEST_F(AuditCrash, AtAnyPointLeavesAChainThatVerifies) {
    std::mt19937 random(20'240'611);
    std::uint64_t newest = 0;
    for (int round = 0; round < 12; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        UniqueFd in(ends[0]), out(ends[1]);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            in.reset();
            write_for_ever(out.get(), round);
        }
        out.reset();
        const std::uint64_t reports = random() % 200;
        std::uint64_t told = 0, first = 0;
        for (std::uint64_t i = 0; i <= reports; ++i) {
            std::uint64_t id = 0;
            ASSERT_EQ(::read(in.get(), &id, sizeof id), static_cast<ssize_t>(sizeof id)) << "the writer ended by itself";
            if (i == 0) first = id;
            told = id;
        }
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
        for (std::uint64_t id = 0; ::read(in.get(), &id, sizeof id) == static_cast<ssize_t>(sizeof id);) told = id;

        EXPECT_GT(first, newest) << "an id came twice";
        ASSERT_EQ(said(verify_file()), "ok") << "round " << round;
        open();
        EXPECT_EQ(audit_->head_problem(), "");
        EXPECT_TRUE(audit_->find(told)) << "record " << told << " was committed and is gone";
        ASSERT_EQ(said(verify()), "ok") << "round " << round;
        newest = append(denied("after " + std::to_string(round)));
        EXPECT_GT(newest, told);
        if (round % 2 == 0) close();
        else close_hard();
    }
}

}  // namespace
}  // namespace endpointd::store
