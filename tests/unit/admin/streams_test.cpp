#include "admin/streams.hpp"

#include <gmock/gmock.h>

#include "fake_daemon.hpp"
#include "raw_client.hpp"

namespace endpointd::admin {
namespace {

using testing::HasSubstr;

constexpr char kFollow[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(Events, ComeAsTheyHappen) {
    test::FakeDaemon daemon;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send(kFollow);
    EXPECT_THAT(client.read_until(": records from now on"), HasSubstr("Content-Type: text/event-stream\r\n"));
    daemon.record(test::denied_command("first"));
    const std::string event = client.read_until("\"object_name\":\"first\"");
    EXPECT_THAT(event, HasSubstr("id: 1\nevent: audit\ndata: {"));
    daemon.record(test::denied_command("second"));
    EXPECT_THAT(client.read_until("second"), HasSubstr("id: 2\n"));
}

TEST(Events, BeatWhileNothingHappens) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.event_heartbeat = std::chrono::milliseconds(1); });
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send(kFollow);
    EXPECT_THAT(client.read_until(": nothing new"), HasSubstr(": nothing new"));
}

TEST(Events, ASubscriberThatWentAwayIsNoticed) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.event_heartbeat = std::chrono::milliseconds(1); });
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send(kFollow);
    client.read_until(": records");
    client.close();
    std::size_t left = 1;
    while (left != 0) daemon.on_loop([&] { left = daemon.server().connections(); });
}

TEST(Events, EndWhenTheDaemonStops) {
    test::FakeDaemon daemon;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send(kFollow);
    client.read_until(": records");
    EXPECT_TRUE(daemon.stop());
    EXPECT_THAT(client.read_to_end(), testing::EndsWith("0\r\n\r\n"));  // whole, not cut
}

TEST(Events, ASlowSubscriberIsDroppedByName) {
    test::FakeDaemon daemon;
    daemon.start();
    daemon.on_loop([&] {
        std::unique_ptr<Stream> events = make_events(*daemon.backend.audit);
        // Nobody takes them: the stream itself must stop collecting.
        (void)events;
    });
    std::unique_ptr<Stream> events;
    daemon.on_loop([&] { events = make_events(*daemon.backend.audit); });
    for (std::size_t i = 0; i < kEventsQueued + 10; ++i) {
        store::AuditEntry entry = test::denied_command("c" + std::to_string(i));
        entry.decision = store::Decision::changed;  // never folds
        entry.parent = std::nullopt;
        daemon.record(std::move(entry));
    }
    std::string all;
    bool ended = false;
    daemon.on_loop([&] {
        while (!ended) {
            bool answered = false;
            events->next([&](const Result<std::optional<std::string>>& piece) {
                answered = true;
                if (piece && *piece) {
                    all += **piece;
                } else {
                    ended = true;
                }
            });
            if (!answered) {
                ADD_FAILURE() << "the stream neither went on nor ended";
                break;
            }
        }
        events.reset();
    });
    EXPECT_THAT(all, testing::EndsWith(
                         "event: dropped\ndata: {\"why\":\"records came faster than they were read; continue with audit list\"}\n\n"));
}

TEST(Export, HasEveryRecordOldestFirst) {
    test::FakeDaemon daemon;
    daemon.start();
    const std::size_t records = kExportPage + 20;
    for (std::size_t i = 0; i < records; ++i) {
        store::AuditEntry entry = test::denied_command("c" + std::to_string(i));
        entry.decision = store::Decision::changed;
        entry.parent = std::nullopt;
        daemon.record(std::move(entry));
    }
    const std::string answer = test::ask(daemon.socket(), "GET", "/v1/audit/export");
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/jsonl\r\n"));
    std::size_t place = 0;
    for (std::size_t id = 1; id <= records; ++id) {
        place = answer.find("\"id\":" + std::to_string(id) + ",", place);
        ASSERT_NE(place, std::string::npos) << id;
    }
    EXPECT_THAT(answer, testing::EndsWith("0\r\n\r\n"));
}

TEST(Export, OfAnEmptyAuditIsEmpty) {
    test::FakeDaemon daemon;
    daemon.start();
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/audit/export"), testing::EndsWith("\r\n\r\n0\r\n\r\n"));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/audit/export?format=csv"), HasSubstr("id,time,last_seen,count,parent,"));
}

TEST(Export, NeedsHttp11) {
    test::FakeDaemon daemon;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("GET /v1/audit/export HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), HasSubstr("HTTP/1.0 400 Bad Request"));
}

TEST(Csv, QuotesAndDisarmsFormulas) {
    store::AuditRecord record;
    record.id = 7;
    record.parent = "a\"b,c";
    record.detail = "=HYPERLINK(\"x\")";
    record.line = 3;
    record.hash = "abcd";
    record.reviewed = store::AuditReview{WallTime(), "root", "-1"};
    EXPECT_EQ(
        csv_line(record),
        "7,1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.000Z,1,\"a\"\"b,c\",,,,,,3,denied,capability-denied,\"'=HYPERLINK(\"\"x\"\")\",,"
        "1970-01-01T00:00:00.000Z,\"root\",\"'-1\",abcd\r\n");
}

}  // namespace
}  // namespace endpointd::admin
