// Answers that may be kept for others to go with them.

#include <poll.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "raw_daemon.hpp"

namespace endpointd::exec {
namespace {

class PatientAnswersTest : public RawDaemon {
protected:
    RunCommand patient_run_of(std::uint64_t id, const std::string& command) {
        RunCommand run = run_of(id, command);
        run.request.patient = true;
        return run;
    }
    // A line is written once a run has ended and before it is answered.
    std::size_t lines_on_record() const {
        std::ifstream in(record_path());
        return static_cast<std::size_t>(std::count(std::istreambuf_iterator<char>(in), {}, '\n'));
    }
};

TEST_F(PatientAnswersTest, OneComesThoughNothingElseHappens) {
    add_plugin("ok");
    start_runner();
    send(patient_run_of(1, "ok"));
    const auto reply = next_reply();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(std::get<Done>(*reply).outcome.output, "OK - \n");
}

TEST_F(PatientAnswersTest, OneIsOvertakenByNothingThatCameLater) {
    add_plugin("ok");
    start_runner();
    for (std::uint64_t id = 1; id <= 20; ++id) {
        const std::size_t before = lines_on_record();
        send(patient_run_of(id, "ok"));
        while (lines_on_record() == before) ::poll(nullptr, 0, 1);
        // It has ended, and may be kept still.
        send(AskStatus{});
        const auto first = next_reply();
        ASSERT_TRUE(first.has_value() && std::holds_alternative<Done>(*first));
        const auto second = next_reply();
        ASSERT_TRUE(second.has_value() && std::holds_alternative<Status>(*second));
    }
}

TEST_F(PatientAnswersTest, ManyAreAllGivenAndOnce) {
    constexpr std::uint64_t kMany = 500;
    add_plugin("ok");
    start_runner();
    for (std::uint64_t id = 1; id <= kMany; ++id) send(patient_run_of(id, "ok"));
    std::set<std::uint64_t> answered;
    while (answered.size() < kMany) {
        const auto reply = next_reply();
        ASSERT_TRUE(reply.has_value());
        EXPECT_TRUE(answered.insert(std::get<Done>(*reply).id).second);
    }
}

}  // namespace
}  // namespace endpointd::exec
