#include "admin/routes.hpp"

#include <unistd.h>

#include <gmock/gmock.h>

#include "admin/unix_socket.hpp"
#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "raw_client.hpp"

namespace endpointd::admin {
namespace {

using test::ask;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

json::Value body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    const Result<json::Value> value = json::parse(end == std::string::npos ? "" : std::string_view(answer).substr(end + 4));
    EXPECT_TRUE(value) << answer;
    return value ? *value : json::Value();
}

json::Value at(const json::Value& value, std::string_view name) {
    const json::Object* const object = value.object();
    const json::Value* const found = object ? object->find(name) : nullptr;
    return found ? *found : json::Value();
}

class Routes : public testing::Test {
protected:
    void SetUp() override {
        daemon.backend.status_answer = json::Object{{"node", "web1"}, {"version", "0.1.0"}, {"uptime", 5}};
        daemon.backend.caps_answer = json::Object{{"parents", json::Array{}}};
        daemon.start();
    }
    test::FakeDaemon daemon;
};

TEST_F(Routes, StatusIsJson) {
    const std::string answer = ask(daemon.socket(), "GET", "/v1/status");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(answer, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_EQ(at(body_of(answer), "node"), json::Value("web1"));
}

TEST_F(Routes, AnUnknownPathIsAProblemDocument) {
    for (const char* path :
         {"/", "/v1", "/v2/status", "/v1/status/", "/v1/catalog/", "/v1/catalog/disk/x", "/v1/../etc/passwd", "//v1/status"}) {
        const std::string answer = ask(daemon.socket(), "GET", path);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 Not Found\r\n")) << path;
        EXPECT_THAT(answer, HasSubstr("Content-Type: application/problem+json\r\n"));
        EXPECT_EQ(at(body_of(answer), "status"), json::Value(404));
        EXPECT_EQ(at(body_of(answer), "title"), json::Value("Not Found"));
    }
}

TEST_F(Routes, AWrongMethodIsToldTheRightOne) {
    const std::string reload = ask(daemon.socket(), "GET", "/v1/reload");
    EXPECT_THAT(reload, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_THAT(reload, HasSubstr("Allow: POST\r\n"));
    EXPECT_THAT(ask(daemon.socket(), "DELETE", "/v1/status"), HasSubstr("Allow: GET\r\n"));
    EXPECT_THAT(ask(daemon.socket(), "BREW", "/v1/status"), HasSubstr("Allow: GET\r\n"));
    // A literal path is never taken for a record's id.
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/audit/review"), HasSubstr("Allow: POST\r\n"));
}

TEST_F(Routes, EveryRowOfTheTableAnswers) {
    for (const Route& route : routes()) {
        if (route.pattern == "/v1/events") continue;  // does not end
        std::string path;
        for (const char c : route.pattern) path += c == '*' ? std::string("disk") : std::string(1, c);
        const std::string answer = ask(daemon.socket(), std::string(route.method), path);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 ")) << path;
        EXPECT_THAT(answer, Not(StartsWith("HTTP/1.1 405"))) << path;
        EXPECT_THAT(answer, Not(StartsWith("HTTP/1.1 5"))) << path;
        EXPECT_FALSE(route.effect.empty());
    }
}

TEST_F(Routes, HealthIsOneWord) {
    EXPECT_THAT(ask(daemon.socket(), "GET", "/healthz"), testing::EndsWith("\r\n\r\nok\n"));
    daemon.on_loop([&] { daemon.backend.health_answer = {false, "the store fails: disk full"}; });
    const std::string answer = ask(daemon.socket(), "GET", "/healthz");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(answer, HasSubstr("the store fails: disk full\n"));
}

TEST_F(Routes, MetricsArePrometheusText) {
    const std::string answer = ask(daemon.socket(), "GET", "/metrics");
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr("\nendpointd_uptime_seconds 5\n"));
}

TEST_F(Routes, ObjectsAreAnEmptyListWhileThereAreNone) {
    EXPECT_EQ(json::to_text(body_of(ask(daemon.socket(), "GET", "/v1/objects"))), R"({"objects":[]})");
}

TEST_F(Routes, CapsOfAnUnknownParentAreNotFound) {
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps?parent=master1"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps?parent=nobody"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps?parrent=master1"), StartsWith("HTTP/1.1 400"));
}

TEST_F(Routes, CapsCheckHandsOnTheWholeQuestion) {
    const std::string answer =
        ask(daemon.socket(), "GET", "/v1/caps/check?parent=m%201&capability=execute&host=h&service=s&command=disk&param=a%3D1&param=b%3D2");
    EXPECT_EQ(at(body_of(answer), "allowed"), json::Value(true));
    daemon.on_loop([&] {
        const CapsQuestion& asked = daemon.backend.asked;
        EXPECT_EQ(asked.parent, "m 1");
        EXPECT_EQ(asked.capability, "execute");
        EXPECT_EQ(asked.host, "h");
        EXPECT_EQ(asked.service, "s");
        EXPECT_EQ(asked.command, "disk");
        EXPECT_EQ(json::to_text(asked.parameters), R"({"a":"1","b":"2"})");
    });
}

TEST_F(Routes, CapsCheckNeedsParentAndCapability) {
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps/check?parent=m"), HasSubstr("parameter 'capability' is missing"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps/check?capability=execute&parent="), HasSubstr("parameter 'parent' is missing"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps/check?parent=m&capability=fly"), StartsWith("HTTP/1.1 400"));
}

TEST_F(Routes, CatalogListsAndShows) {
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/catalog"), HasSubstr("\"disk\""));
    EXPECT_EQ(at(body_of(ask(daemon.socket(), "GET", "/v1/catalog/disk")), "kind"), json::Value("check"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/catalog/nonesuch"), StartsWith("HTTP/1.1 404"));
}

TEST_F(Routes, RenderShowsWhatWouldBeRun) {
    const json::Value answer =
        body_of(ask(daemon.socket(), "GET", "/v1/catalog/disk/render?param=disk_partitions%3D%2F&param=disk_partitions%3D%2Fvar"));
    EXPECT_EQ(json::to_text(at(answer, "argv")), R"(["/usr/lib/nagios/plugins/check_disk","-p","/","-p","/var","-w","20%"])");
    EXPECT_EQ(at(answer, "timeout"), json::Value(60));
}

TEST_F(Routes, RenderRefusesABrokenRule) {
    const std::string answer = ask(daemon.socket(), "GET", "/v1/catalog/disk/render?param=disk_wfree%3D--help");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 422"));
    EXPECT_THAT(answer, HasSubstr("parameter 'disk_wfree' refused: "));
    EXPECT_THAT(answer, Not(HasSubstr("--help")));
}

TEST_F(Routes, AnUnknownParameterIsRefusedWithTheKnownOnes) {
    const std::string answer = ask(daemon.socket(), "GET", "/v1/catalog/disk/render?param=wfree%3D1%25");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 422"));
    EXPECT_THAT(answer, HasSubstr("'wfree' is no parameter of 'disk'; it has: disk_partitions, disk_wfree"));
}

TEST_F(Routes, RenderOfAWrapperTakesTheInnerCommandsParameters) {
    const json::Value answer = body_of(ask(daemon.socket(), "GET", "/v1/catalog/negate/render?param=inner%3Ddisk&param=disk_wfree%3D5%25"));
    EXPECT_EQ(json::to_text(at(answer, "argv")), R"(["/p/negate","/usr/lib/nagios/plugins/check_disk","-w","5%"])");
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/catalog/negate/render?param=inner%3Ddisk&param=wfree%3D1"),
                HasSubstr("'wfree' is no parameter of 'negate'"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/catalog/negate/render?param=inner%3Dnonesuch"), HasSubstr("parameter 'inner' refused: "));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/catalog/negate/render?param=disk_wfree%3D5%25"),
                HasSubstr("'disk_wfree' is no parameter of 'negate'"));
}

TEST_F(Routes, RunHandsOnNameParametersAndCaller) {
    daemon.on_loop([&] { daemon.backend.run_answer = json::Value(json::Object{{"name", "disk"}, {"exit_status", 0}}); });
    const std::string answer = ask(daemon.socket(), "POST", "/v1/catalog/disk/run", R"({"parameters":{"disk_wfree":"5%"}})");
    EXPECT_EQ(at(body_of(answer), "name"), json::Value("disk"));
    daemon.on_loop([&] {
        EXPECT_EQ(daemon.backend.run_name, "disk");
        EXPECT_EQ(json::to_text(daemon.backend.run_parameters), R"({"disk_wfree":"5%"})");
        EXPECT_EQ(daemon.backend.caller.uid, ::geteuid());
        EXPECT_EQ(daemon.backend.caller.pid, ::getpid());
        EXPECT_EQ(daemon.backend.caller.name, user_name(::geteuid()));
    });
}

TEST_F(Routes, ARefusedRunSaysWhy) {
    const std::pair<Errc, const char*> cases[] = {
        {Errc::invalid, "422"}, {Errc::not_permitted, "403"}, {Errc::unavailable, "503"}, {Errc::too_large, "429"}};
    for (const auto& [code, status] : cases) {
        daemon.on_loop([&] { daemon.backend.run_answer = fail(code, "because"); });
        const std::string answer = ask(daemon.socket(), "POST", "/v1/catalog/disk/run");
        EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + status));
        EXPECT_EQ(at(body_of(answer), "detail"), json::Value("because"));
    }
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/catalog/nonesuch/run"), StartsWith("HTTP/1.1 404"));
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/catalog/disk/run", "{"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/catalog/disk/run", R"({"argv":["/bin/sh"]})"), StartsWith("HTTP/1.1 400"));
}

TEST_F(Routes, ALeaseIsGrantedAndRevokedInTheCallersName) {
    daemon.on_loop([&] { daemon.backend.lease_answer = json::Value(json::Object{{"id", 7}}); });
    const std::string body = R"({"parent":"m","capability":"execute","for":7200,"reason":"deploy","scope":{"hosts":["h"]}})";
    EXPECT_EQ(json::to_text(body_of(ask(daemon.socket(), "POST", "/v1/caps/grant", body))), R"({"id":7})");
    daemon.on_loop([&] {
        EXPECT_EQ(daemon.backend.wish.length, Duration(std::chrono::hours(2)));
        EXPECT_EQ(json::to_text(daemon.backend.wish.scope), R"({"hosts":["h"]})");
        EXPECT_EQ(daemon.backend.caller.uid, ::getuid());
        EXPECT_EQ(daemon.backend.caller.name, user_name(::getuid()));
    });
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/caps/revoke", R"({"id":7})"), StartsWith("HTTP/1.1 200"));
    daemon.on_loop([&] { EXPECT_EQ(daemon.backend.revoked, 7u); });
    for (const auto& [code, status] :
         {std::pair{Errc::not_found, "404"}, {Errc::invalid, "400"}, {Errc::too_large, "429"}, {Errc::unavailable, "503"}}) {
        daemon.on_loop([&] { daemon.backend.lease_answer = fail(code, "because"); });
        for (const auto& [path, request] : {std::pair{"/v1/caps/grant", body}, {"/v1/caps/revoke", std::string(R"({"id":7})")}}) {
            const std::string answer = ask(daemon.socket(), "POST", path, request);
            EXPECT_THAT(answer, StartsWith(std::string("HTTP/1.1 ") + status)) << path;
            EXPECT_EQ(at(body_of(answer), "detail"), json::Value("because"));
        }
    }
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/caps/grant"), HasSubstr("Allow: POST\r\n"));
}

TEST_F(Routes, ACheckIsPausedForAsLongAsWasAsked) {
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/checks/pause", R"({"object":"h!s","for":"2h"})"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/checks/pause", R"({"object":"h"})"), StartsWith("HTTP/1.1 200"));
    daemon.on_loop([&] {
        ASSERT_EQ(daemon.backend.check_wishes.size(), 2u);
        EXPECT_EQ(daemon.backend.check_wishes[0].object, "h!s");
        EXPECT_EQ(daemon.backend.check_wishes[0].length, std::optional<Duration>(std::chrono::hours(2)));
        EXPECT_EQ(daemon.backend.check_wishes[1].length, std::nullopt);
    });
}

TEST_F(Routes, ABodyThatAsksForNoCheckOrPauseIsRefused) {
    for (const char* body :
         {"", "{", "[]", "{}", R"({"object":""})", R"({"object":1})", R"({"object":"h","for":"soon"})", R"({"object":"h","for":"0s"})",
          R"({"object":"h","for":"-1s"})", R"({"object":"h","for":""})", R"({"object":"h","for":60})", R"({"object":"h","until":"2h"})"})
        EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/checks/pause", body), StartsWith("HTTP/1.1 400")) << body;
    for (const char* path : {"/v1/checks/now", "/v1/checks/resume"})
        EXPECT_THAT(ask(daemon.socket(), "POST", path, R"({"object":"h","for":"2h"})"), StartsWith("HTTP/1.1 400")) << path;
    daemon.on_loop([&] { EXPECT_TRUE(daemon.backend.check_wishes.empty()); });
}

TEST_F(Routes, ABodyThatAsksForNoLeaseIsRefused) {
    for (const char* body : {"", "{", "[]", "{}", R"({"parent":"m","capability":"execute","for":"2h"})",
                             R"({"parent":"m","capability":"execute","reason":"r"})", R"({"capability":"execute","for":"2h","reason":"r"})",
                             R"({"parent":"m","capability":"execute","for":"soon","reason":"r"})",
                             R"({"parent":"m","capability":"execute","for":-1,"reason":"r"})",
                             R"({"parent":"m","capability":"execute","for":[],"reason":"r"})",
                             R"({"parent":"m","capability":"execute","for":"2h","reason":"r","scope":[]})",
                             R"({"parent":"m","capability":"execute","for":"2h","reason":"r","id":1})",
                             R"({"parent":1,"capability":"execute","for":"2h","reason":"r"})"})
        EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/caps/grant", body), StartsWith("HTTP/1.1 400")) << body;
    for (const char* body : {"", "[7]", "{}", R"({"id":"7"})", R"({"id":0})", R"({"id":1.5})", R"({"id":1e300})", R"({"id":7,"all":true})"})
        EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/caps/revoke", body), StartsWith("HTTP/1.1 400")) << body;
    daemon.on_loop([&] {
        EXPECT_EQ(daemon.backend.wish.parent, "");
        EXPECT_EQ(daemon.backend.revoked, 0u);
    });
}

TEST_F(Routes, AReloadThatWasRefusedListsItsErrors) {
    daemon.on_loop([&] {
        daemon.backend.reload_answer.findings.errors.push_back({"catalog.d/x.json", 3, 5, "/commands/a", "wrong"});
        daemon.backend.reload_answer.findings.warnings.push_back({"caps.d/y.json", 0, 0, std::nullopt, "odd"});
    });
    EXPECT_EQ(json::to_text(body_of(ask(daemon.socket(), "POST", "/v1/reload"))),
              R"({"errors":[{"column":5,"file":"catalog.d/x.json","line":3,"message":"wrong","pointer":"/commands/a"}],"reloaded":false,)"
              R"("warnings":[{"column":null,"file":"caps.d/y.json","line":null,"message":"odd","pointer":null}]})");
}

TEST_F(Routes, AuditListsNewestFirstAndPages) {
    for (const char* name : {"a", "b", "c"}) daemon.record(test::denied_command(name));
    const json::Value answer = body_of(ask(daemon.socket(), "GET", "/v1/audit?limit=2&decision=denied"));
    const json::Value records = at(answer, "records");
    ASSERT_TRUE(records.array());
    ASSERT_EQ(records.array()->size(), 2u);
    EXPECT_EQ(at((*records.array())[0], "object_name"), json::Value("c"));
    EXPECT_EQ(at(answer, "next"), json::Value(2));
    const json::Value rest = body_of(ask(daemon.socket(), "GET", "/v1/audit?limit=2&before=2"));
    EXPECT_EQ(at(at(rest, "records").array()->at(0), "object_name"), json::Value("a"));
    EXPECT_TRUE(at(rest, "next").is_null());
}

TEST_F(Routes, AuditTimesAreRfc3339) {
    daemon.record(test::denied_command("a"));
    const json::Value record = body_of(ask(daemon.socket(), "GET", "/v1/audit/1"));
    for (const char* name : {"time", "last_seen"}) {
        const json::Value time = at(record, name);
        ASSERT_TRUE(time.string()) << name;
        EXPECT_THAT(*time.string(), testing::MatchesRegex("2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
    }
    EXPECT_EQ(at(record, "content"), json::Value(R"({"command":"a"})"));
}

TEST_F(Routes, ARecordThatIsNotThereIsNotFound) {
    for (const char* id : {"7", "0", "-1", "x", "1.5", "99999999999999999999999"}) {
        EXPECT_THAT(ask(daemon.socket(), "GET", std::string("/v1/audit/") + id), StartsWith("HTTP/1.1 404")) << id;
    }
}

TEST_F(Routes, AWrongFilterIsABadRequest) {
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/audit?reason=because"), HasSubstr("unknown reason 'because'; known: "));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/audit?limit=%zz"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(ask(daemon.socket(), "GET", "/v1/audit/export?format=xml"), StartsWith("HTTP/1.1 400"));
}

TEST_F(Routes, AReviewIsMadeInTheCallersName) {
    const std::uint64_t id = daemon.record(test::denied_command("a"));
    const json::Value answer = body_of(ask(daemon.socket(), "POST", "/v1/audit/review", R"({"ids":[1],"note":"known"})"));
    EXPECT_EQ(json::to_text(at(answer, "reviewed")), "[1]");
    const json::Value reviewed = at(body_of(ask(daemon.socket(), "GET", "/v1/audit/" + std::to_string(id))), "reviewed");
    EXPECT_EQ(at(reviewed, "by"), json::Value(user_name(::geteuid())));
    EXPECT_EQ(at(reviewed, "note"), json::Value("known"));
    EXPECT_TRUE(at(reviewed, "time").string());
    EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/audit/review", R"({"ids":[99]})"), StartsWith("HTTP/1.1 404"));
    for (const char* body : {"", "{}", R"({"ids":[]})", R"({"ids":[0]})", R"({"ids":["1"]})", R"({"ids":[1.5]})",
                             R"({"ids":[1],"by":"root"})", R"({"ids":[1],"note":5})"}) {
        EXPECT_THAT(ask(daemon.socket(), "POST", "/v1/audit/review", body), StartsWith("HTTP/1.1 400")) << body;
    }
}

TEST_F(Routes, VerifyIsAVerdict) {
    daemon.record(test::denied_command("a"));
    const json::Value answer = body_of(ask(daemon.socket(), "GET", "/v1/audit/verify"));
    EXPECT_EQ(at(answer, "ok"), json::Value(true));
    EXPECT_TRUE(at(answer, "broken").is_null());
}

}  // namespace
}  // namespace endpointd::admin
