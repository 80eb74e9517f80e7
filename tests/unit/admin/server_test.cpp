#include "admin/server.hpp"

#include <unistd.h>

#include <vector>

#include <gmock/gmock.h>

#include "fake_daemon.hpp"
#include "raw_client.hpp"

namespace endpointd::admin {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kStatus[] = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(AdminServer, KeepsAConnectionForSeveralRequests) {
    test::FakeDaemon daemon;
    daemon.start();
    test::RawClient client(daemon.socket());
    for (int i = 0; i < 3; ++i) {
        client.send(kStatus);
        EXPECT_THAT(client.read_until("null\n"), StartsWith("HTTP/1.1 200 OK"));
    }
    // Sent at once, answered in order.
    client.send(std::string(kStatus) + "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n");
    const std::string answers = client.read_to_end();
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(answers, HasSubstr("HTTP/1.1 404 Not Found"));
}

TEST(AdminServer, AnswersHeadWithoutABody) {
    test::FakeDaemon daemon;
    daemon.start();
    const std::string answer = test::ask(daemon.socket(), "HEAD", "/v1/status");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 5\r\n"));
    EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST(AdminServer, RefusesWhatIsNoHttp) {
    test::FakeDaemon daemon;
    daemon.start();
    for (const char* bytes : {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                              "GET / HTTP/1.1\r\nbroken header\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"}) {
        test::RawClient client(daemon.socket());
        client.send(bytes);
        EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << bytes;
    }
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/status"), StartsWith("HTTP/1.1 200"));
}

TEST(AdminServer, RefusesALargeHeader) {
    test::FakeDaemon daemon;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("GET /v1/status HTTP/1.1\r\nX: " + std::string(kHeaderBytes, 'x') + "\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 431 "));
}

TEST(AdminServer, RefusesALargeBodyBeforeItIsSent) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.request_bytes = 1000; });
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("POST /v1/reload HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer, HasSubstr("the request's body is larger than 1000 bytes"));
}

TEST(AdminServer, RefusesALargeChunkedBody) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.request_bytes = 1000; });
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("POST /v1/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20; ++i) client.send("100\r\n" + std::string(256, 'x') + "\r\n");
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 413 "));
}

TEST(AdminServer, TakesALargestBody) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.request_bytes = 20000; });
    daemon.start();
    const std::string answer = test::ask(daemon.socket(), "POST", "/v1/reload", std::string(20000, ' '));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST(AdminServer, ClosesOnAClientThatIsTooSlow) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.request_timeout = std::chrono::milliseconds(50); });
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("GET /v1/sta");
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(AdminServer, ClosesOnAClientThatSaysNothing) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.idle_timeout = std::chrono::milliseconds(50); });
    daemon.start();
    test::RawClient client(daemon.socket());
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(AdminServer, TellsOneTooManyWhy) {
    test::FakeDaemon daemon([](ServerConfig& config) { config.connections = 2; });
    daemon.start();
    test::RawClient first(daemon.socket()), second(daemon.socket());
    first.send(kStatus);
    second.send(kStatus);
    first.read_until("null\n");
    second.read_until("null\n");
    test::RawClient third(daemon.socket());
    EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    first.close();
    // The place is free as soon as the server has seen the end.
    std::string answer;
    while (!answer.starts_with("HTTP/1.1 200")) answer = test::ask(daemon.socket(), "GET", "/v1/status");
}

TEST(AdminServer, StopsWithIdleConnectionsOpen) {
    test::FakeDaemon daemon;
    daemon.start();
    std::vector<std::unique_ptr<test::RawClient>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<test::RawClient>(daemon.socket()));
        clients.back()->send(kStatus);
        clients.back()->read_until("null\n");
    }
    EXPECT_TRUE(daemon.stop());
    for (const auto& client : clients) EXPECT_EQ(client->read_to_end(), "");
    EXPECT_NE(::access(daemon.socket().c_str(), F_OK), 0);
    EXPECT_FALSE(test::RawClient(daemon.socket()).connected());
}

TEST(AdminServer, StopLetsAnAnswerUnderWayLeave) {
    test::FakeDaemon daemon;
    daemon.backend.hold_runs = true;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("POST /v1/catalog/disk/run HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    bool held = false;
    while (!held) daemon.on_loop([&] { held = daemon.backend.held != nullptr; });
    daemon.on_loop([&] {
        daemon.server().stop(std::chrono::seconds(60), [] {});
        daemon.backend.release(json::Object{{"name", "disk"}});
    });
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
}

TEST(AdminServer, StopCutsWhatDoesNotEndInTime) {
    test::FakeDaemon daemon;
    daemon.backend.hold_runs = true;
    daemon.start();
    test::RawClient client(daemon.socket());
    client.send("POST /v1/catalog/disk/run HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    bool held = false;
    while (!held) daemon.on_loop([&] { held = daemon.backend.held != nullptr; });
    EXPECT_TRUE(daemon.stop(std::chrono::milliseconds(1)));
    EXPECT_EQ(client.read_to_end(), "");
    // The answer that comes after the connection went is dropped.
    daemon.on_loop([&] { daemon.backend.release(json::Value()); });
}

}  // namespace
}  // namespace endpointd::admin
