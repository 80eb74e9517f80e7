#include "admin/objects.hpp"

#include <gmock/gmock.h>

#include "dsl/config_type.hpp"
#include "fake_daemon.hpp"
#include "json/document.hpp"
#include "policy/plan.hpp"
#include "raw_client.hpp"

namespace endpointd::admin {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

policy::PlannedObject object(const std::string& type, const std::string& name, policy::Origin origin = policy::Origin::local) {
    dsl::Object object;
    object.type = dsl::config_type(type);
    object.name = name;
    object.zone = "web1";
    object.place = {"web1/_etc/hosts.conf", 3, 1};
    object.text = std::make_shared<const std::string>("object " + type + " \"" + name + "\" { }");
    policy::PlannedObject planned;
    planned.object = std::make_shared<const dsl::Object>(std::move(object));
    planned.origin = origin;
    if (origin != policy::Origin::local) planned.parent = "master1";
    return planned;
}

std::shared_ptr<policy::Plan> hosts(std::size_t number) {
    auto plan = std::make_shared<policy::Plan>();
    for (std::size_t i = 0; i < number; ++i) plan->objects.push_back(object("Host", "h" + std::to_string(100'000 + i)));
    return plan;
}

json::Value parsed(const std::string& text) {
    const Result<json::Value> value = json::parse(text);
    EXPECT_TRUE(value) << text.substr(0, 200);
    return value ? *value : json::Value();
}

const json::Array& objects_in(const json::Value& answer) { return *answer.object()->find("objects")->array(); }
const json::Value& at(const json::Value& value, std::string_view name) { return *value.object()->find(name); }

// The whole of a streamed answer, and its largest piece.
std::pair<std::string, std::size_t> drained(Stream& stream) {
    std::pair<std::string, std::size_t> all;
    for (bool more = true; more;) {
        stream.next([&](const Result<std::optional<std::string>>& piece) {
            more = piece && *piece;
            if (!more) return;
            all.first += **piece;
            all.second = std::max(all.second, (*piece)->size());
        });
    }
    return all;
}

TEST(Objects, AFewAreOnePlainAnswer) {
    auto plan = hosts(1);
    plan->objects.push_back(object("Service", "h100000!http", policy::Origin::pushed));
    Answer answer = make_objects(plan, {});
    ASSERT_TRUE(std::holds_alternative<Response>(answer));
    const json::Value value = parsed(std::get<Response>(answer).body);
    ASSERT_EQ(objects_in(value).size(), 2u);
    const json::Value& service = objects_in(value)[1];
    EXPECT_EQ(at(service, "type"), json::Value("Service"));
    EXPECT_EQ(at(service, "name"), json::Value("h100000!http"));
    EXPECT_EQ(at(service, "zone"), json::Value("web1"));
    EXPECT_EQ(at(service, "origin"), json::Value("pushed:master1"));
    EXPECT_TRUE(at(service, "attrs").object());
    EXPECT_EQ(at(service, "file"), json::Value("web1/_etc/hosts.conf"));
    EXPECT_EQ(at(service, "line"), json::Value(3));
    EXPECT_EQ(service.object()->find("text"), nullptr);
}

TEST(Objects, WhatAMessageMadeHasNoFile) {
    auto plan = std::make_shared<policy::Plan>();
    plan->objects.push_back(object("Host", "h1", policy::Origin::runtime));
    const json::Value value = parsed(std::get<Response>(make_objects(plan, {})).body);
    EXPECT_TRUE(at(objects_in(value)[0], "file").is_null());
    EXPECT_TRUE(at(objects_in(value)[0], "line").is_null());
}

TEST(Objects, ManyComeInBoundedPiecesAndAreAllThere) {
    Answer answer = make_objects(hosts(2000), {});
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<Stream>>(answer));
    const auto [text, largest] = drained(*std::get<std::unique_ptr<Stream>>(answer));
    EXPECT_LT(largest, 2 * kObjectsPiece);
    std::size_t lines = 0;
    for (std::size_t start = text.find("\n{"); start != std::string::npos; start = text.find("\n{", start + 1)) ++lines;
    EXPECT_EQ(lines, 2000u);
    EXPECT_THAT(text, StartsWith("{\"objects\":[\n{"));
    EXPECT_THAT(text, testing::EndsWith("}\n]}\n"));
}

TEST(Objects, AStreamIsOneJsonValueOfThePlanItBeganWith) {
    auto plan = hosts(500);
    Answer answer = make_objects(plan, {});
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<Stream>>(answer));
    plan.reset();  // another one is in force now
    const auto [text, largest] = drained(*std::get<std::unique_ptr<Stream>>(answer));
    const json::Value value = parsed(text);
    ASSERT_EQ(objects_in(value).size(), 500u);
    EXPECT_EQ(at(objects_in(value)[499], "name"), json::Value("h100499"));
}

TEST(Objects, NamesAreExactAndNoPatterns) {
    auto plan = hosts(2);
    plan->objects.push_back(object("Host", "*"));
    const auto named = [&](const std::string& name) {
        Answer answer = make_objects(plan, {"Host", name, false});
        return objects_in(parsed(std::get<Response>(answer).body)).size();
    };
    EXPECT_EQ(named("h100001"), 1u);
    EXPECT_EQ(named("*"), 1u);
    EXPECT_EQ(named("h1"), 0u);
}

TEST(Objects, TheRouteFiltersAndSaysWhatIsNoType) {
    test::FakeDaemon daemon;
    auto plan = hosts(1);
    plan->objects.push_back(object("Service", "h!s"));
    daemon.backend.plan_in_force = plan;
    daemon.start();
    const std::string services = test::ask(daemon.socket(), "GET", "/v1/objects?type=Service&name=h%21s&text=true");
    EXPECT_THAT(services, HasSubstr("\"text\":\"object Service \\\"h!s\\\" { }\""));
    EXPECT_THAT(services, testing::Not(HasSubstr("\"Host\"")));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/objects?type=host"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/objects?text=yes"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/objects?limit=1"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/objects?type=Host&type=Service"), StartsWith("HTTP/1.1 400"));
}

TEST(Objects, TheRouteHasNoEmptyListOfWhatIsNotKnownYet) {
    test::FakeDaemon daemon;
    daemon.backend.plan_in_force = nullptr;
    daemon.start();
    const std::string answer = test::ask(daemon.socket(), "GET", "/v1/objects");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503"));
    EXPECT_THAT(answer, HasSubstr("still being evaluated"));
    EXPECT_THAT(test::ask(daemon.socket(), "GET", "/v1/objects?type=host"), StartsWith("HTTP/1.1 400"));
}

TEST(Objects, TheRouteTellsWhoseResultsAParentMaySee) {
    test::FakeDaemon daemon;
    auto plan = hosts(1);
    plan->objects.push_back(object("Service", "h!s"));
    plan->objects.push_back(object("TimePeriod", "always"));
    daemon.backend.plan_in_force = plan;
    daemon.start();
    const auto told = [&](const std::string& query) {
        const std::string answer = test::ask(daemon.socket(), "GET", "/v1/objects" + query);
        return parsed(answer.substr(answer.find("\r\n\r\n") + 4));
    };
    EXPECT_EQ(objects_in(told(""))[0].object()->find("results"), nullptr);
    const json::Value seen = told("?results_of=master1");
    EXPECT_EQ(at(objects_in(seen)[0], "results"), json::Value(true));
    EXPECT_EQ(at(objects_in(seen)[1], "results"), json::Value(true));
    EXPECT_EQ(objects_in(seen)[2].object()->find("results"), nullptr);
    EXPECT_EQ(daemon.backend.asked.host, "h");
    EXPECT_EQ(daemon.backend.asked.service, "s");
    daemon.on_loop([&] { daemon.backend.allow = false; });
    EXPECT_EQ(at(objects_in(told("?results_of=master1"))[0], "results"), json::Value(false));
}

}  // namespace
}  // namespace endpointd::admin
