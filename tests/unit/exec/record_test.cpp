// The runner's record: what its file is, and what becomes of a line.

#include "exec/record.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iterator>

#include <gmock/gmock.h>

#include "json/document.hpp"
#include "temporary_directory.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class RunnersRecord : public testing::Test {
protected:
    std::string path(const std::string& name = "record.jsonl") const { return state.path() + "/runner/" + name; }
    Result<Record> open() const { return Record::open(state.path(), clock); }
    static std::string content(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }
    // The members `key` of all lines that are JSON; "?" for one that is not.
    std::vector<std::string> each(const std::string& key, const std::string& name = "record.jsonl") const {
        std::vector<std::string> values;
        std::ifstream in(path(name));
        for (std::string line; std::getline(in, line);) {
            const auto value = json::parse(line);
            const json::Value* member = value && value->object() ? value->object()->find(key) : nullptr;
            values.push_back(!value ? "?" : member ? json::to_text(*member) : "");
        }
        return values;
    }
    void refused(const std::string& why) const {
        const auto opened = open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, Errc::invalid);
        EXPECT_THAT(opened.error().text, StartsWith(state.path() + "/runner"));
        EXPECT_THAT(opened.error().text, HasSubstr(": " + why + ": "));
    }

    files::TemporaryDirectory state;
    ManualClock clock{from_unix(1'795'000'000)};
};

TEST_F(RunnersRecord, IsTheRunnersAlone) {
    ASSERT_TRUE(open());
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    ASSERT_EQ(::stat(path("").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700U);
}

TEST_F(RunnersRecord, HasOneLineOfJsonForEachExecution) {
    auto record = open();
    ASSERT_TRUE(record);
    Execution execution;
    execution.run = 42;
    execution.command = "di\"sk\n";
    execution.kind = catalog::Kind::action;
    execution.parameters_sha256 = "ab";
    execution.plugin = "/usr/lib/plug\xff";
    execution.user = "nagios";
    execution.exit_status = 2;
    execution.duration = std::chrono::milliseconds(1500);
    execution.pid = 77;
    record->executed(execution);
    EXPECT_EQ(
        content(path()),
        R"({"command":"di\"sk\n","duration":1.5,"event":"executed","exit_status":2,"kind":"action","parameters_sha256":"ab","pid":77,)"
        R"("plugin":"/usr/lib/plug\ufffd","run":42,"signal":null,"time":")" +
            to_rfc3339(clock.wall()) + R"(","user":"nagios","verdict":"exited"})" + "\n");
    execution.verdict = Verdict::timed_out;
    execution.signal = 9;
    record->executed(execution);
    EXPECT_THAT(each("exit_status"), ElementsAre("2", "null"));
    EXPECT_THAT(each("signal"), ElementsAre("null", "9"));
    EXPECT_THAT(each("verdict"), ElementsAre("\"exited\"", "\"timed-out\""));
}

TEST_F(RunnersRecord, NamesTheCatalogAtAStartAndAtASwitch) {
    auto record = open();
    ASSERT_TRUE(record);
    record->started("aa");
    record->switched("bb");
    EXPECT_THAT(each("event"), ElementsAre("\"started\"", "\"switched\""));
    EXPECT_THAT(each("catalog"), ElementsAre("\"aa\"", "\"bb\""));
    EXPECT_EQ(each("pid")[0], std::to_string(::getpid()));
}

TEST_F(RunnersRecord, GoesOnWhereTheLastRunnerEnded) {
    open()->started("aa");
    open()->started("bb");
    EXPECT_THAT(each("catalog"), ElementsAre("\"aa\"", "\"bb\""));
}

TEST_F(RunnersRecord, KeepsALineThatWasCutFromSwallowingTheNext) {
    open()->started("aa");
    std::ofstream(path(), std::ios::app) << R"({"event":"exec)";
    auto record = open();
    ASSERT_TRUE(record);
    record->started("bb");
    record->started("cc");
    EXPECT_THAT(each("catalog"), ElementsAre("\"aa\"", "?", "\"bb\"", "\"cc\""));
    EXPECT_THAT(content(path()), EndsWith("}\n"));
}

TEST_F(RunnersRecord, CountsWhatAFullDiskCostsAndSaysSoAfterwards) {
    auto record = open();
    ASSERT_TRUE(record);
    record->started("aa");
    // A limit on the file's size ends writes as a full disk does: within a line.
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto old = ::signal(SIGXFSZ, SIG_IGN);
    rlimit little = before;
    little.rlim_cur = content(path()).size() + 10;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
    record->started("bb");
    const bool failed_at_once = record->failing();
    record->started("cc");
    const std::string failure = record->failure();
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, old);

    EXPECT_TRUE(failed_at_once);
    EXPECT_THAT(failure, StartsWith("write " + path() + ": "));
    EXPECT_TRUE(record->failing());
    EXPECT_EQ(record->lost(), 2U);
    record->started("dd");
    EXPECT_FALSE(record->failing());
    EXPECT_EQ(record->failure(), "");
    EXPECT_EQ(record->lost(), 2U);
    EXPECT_THAT(each("event"), ElementsAre("\"started\"", "?", "\"lost\"", "\"started\""));
    EXPECT_THAT(each("lines"), ElementsAre("", "?", "2", ""));
    record->started("ee");
    EXPECT_THAT(each("event"), SizeIs(5)) << "the loss is told once";
}

TEST_F(RunnersRecord, IsBoundedAndKeepsTheFileBefore) {
    auto record = open();
    ASSERT_TRUE(record);
    record->started("aa");
    const auto line = static_cast<off_t>(content(path()).size());
    const auto fill = [&](off_t size) { ASSERT_EQ(::truncate(path().c_str(), size), 0); };
    fill(static_cast<off_t>(kRecordBytes) - line - 2);
    std::ofstream(path(), std::ios::app) << "\n";
    record->started("bb");  // just fits
    EXPECT_EQ(::access(path("record.jsonl.1").c_str(), F_OK), -1);
    record->started("cc");
    EXPECT_THAT(each("catalog"), ElementsAre("\"cc\""));
    EXPECT_THAT(content(path("record.jsonl.1")), EndsWith("}\n"));
    EXPECT_EQ(each("catalog", "record.jsonl.1").back(), "\"bb\"");
    struct stat status {};
    ASSERT_EQ(::stat(path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    fill(static_cast<off_t>(kRecordBytes));
    record->started("dd");
    EXPECT_THAT(each("catalog"), ElementsAre("\"dd\""));
    EXPECT_EQ(content(path("record.jsonl.1")).size(), kRecordBytes) << "the one before is replaced";
    EXPECT_FALSE(record->failing());
}

TEST_F(RunnersRecord, BeginsAnewWhereSomebodyDeletedIt) {
    auto record = open();
    ASSERT_TRUE(record);
    record->started("aa");
    ASSERT_EQ(::unlink(path().c_str()), 0);
    record->started("bb");
    EXPECT_THAT(each("catalog"), ElementsAre("\"bb\""));
}

TEST_F(RunnersRecord, IsNotWrittenThroughALinkOrASecondName) {
    ASSERT_TRUE(open());
    ASSERT_EQ(::rename(path().c_str(), path("other").c_str()), 0);
    ASSERT_EQ(::symlink("other", path().c_str()), 0);
    refused("is a link");
    ASSERT_EQ(::unlink(path().c_str()), 0);
    ASSERT_EQ(::link(path("other").c_str(), path().c_str()), 0);
    refused("has a second name");
    ASSERT_EQ(::unlink(path().c_str()), 0);
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    refused("is no regular file");
}

TEST_F(RunnersRecord, IsNotWrittenWhereOthersMayReachIt) {
    ASSERT_TRUE(open());
    ::chmod(path().c_str(), 0620);
    refused("is open to others");
    ::chmod(path().c_str(), 0600);
    ::chmod(path("").c_str(), 0750);
    refused("is open to others");
}

TEST_F(RunnersRecord, IsNotWrittenBelowALink) {
    ASSERT_EQ(::mkdir((state.path() + "/elsewhere").c_str(), 0700), 0);
    ASSERT_EQ(::symlink("elsewhere", (state.path() + "/runner").c_str()), 0);
    refused("is no directory");
}

TEST_F(RunnersRecord, IsNotWrittenWhereItIsSomebodyElses) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs a file of somebody else's";
    ASSERT_TRUE(open());
    ASSERT_EQ(::chown(path().c_str(), 65534, 65534), 0);
    refused("belongs to user 65534, not to the runner's");
    ASSERT_EQ(::chown(path().c_str(), 0, 0), 0);
    ASSERT_EQ(::chown(path("").c_str(), 65534, 65534), 0);
    refused("belongs to user 65534, not to the runner's");
}

TEST_F(RunnersRecord, NeedsAStateDirectory) {
    const auto opened = Record::open(state.path() + "/none", clock);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().text, StartsWith("create " + state.path() + "/none/runner: "));
}

TEST(ParametersDigest, IsThatOfTheCanonicalText) {
    // printf '{"a":"\\u00e4","b":[1,true,null],"c":0.5}' | sha256sum
    const json::Object parameters{{"c", 0.5}, {"a", "ä"}, {"b", json::Array{1, true, nullptr}}};
    EXPECT_EQ(parameters_digest(parameters), "59de18c6af5ac69605ad22567694999165f25628c6b46a2ee7f1b532626ab397");
    // printf '{}' | sha256sum
    EXPECT_EQ(parameters_digest({}), "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
}

}  // namespace
}  // namespace endpointd::exec
