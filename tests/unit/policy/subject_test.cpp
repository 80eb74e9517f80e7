#include "policy/subject.hpp"

#include <gtest/gtest.h>

#include "dsl/config_type.hpp"

namespace endpointd::policy {
namespace {

dsl::Object object_of(std::string_view type, const std::string& name, dsl::Attributes attributes) {
    dsl::Object object;
    object.type = dsl::config_type(type);
    object.name = name;
    object.attributes = std::move(attributes);
    return object;
}

std::string words(const Subject& subject) { return subject.host.value_or("none") + (subject.service ? " and " + *subject.service : ""); }

TEST(Checkables, AreNamedAsTheyAreRead) {
    for (const char* name : {"web1", "web1!http", "web 1!disk /", ""}) EXPECT_EQ(checkable_of(name).name(), name);
    EXPECT_EQ(checkable_of("web1!http").host, "web1");
    EXPECT_EQ(checkable_of("web1!http").service, "http");
    EXPECT_EQ(checkable_of("web1").service, std::nullopt);
    EXPECT_EQ(checkable_of("web1!").service, "") << "no host";
    EXPECT_EQ(checkable_type("web1"), "Host");
    EXPECT_EQ(checkable_type("web1!http"), "Service");
}

TEST(Subjects, OfANameAreThoseOfTheObjectThatHasIt) {
    const auto same = [](std::string_view type, const std::string& name, dsl::Attributes attributes, const std::string& expected) {
        EXPECT_EQ(words(subject_of(type, name)), expected) << type << " " << name;
        EXPECT_EQ(words(subject_of(object_of(type, name, std::move(attributes)))), expected) << type << " " << name;
    };
    same("Host", "web1", {}, "web1");
    same("Service", "web1!http", {{"host_name", "web1"}}, "web1 and http");
    for (const char* type : {"Downtime", "Comment", "Notification", "ScheduledDowntime"}) {
        same(type, "web1!own", {{"host_name", "web1"}}, "web1");
        same(type, "web1!http!own", {{"host_name", "web1"}, {"service_name", "http"}}, "web1 and http");
    }
    same("Dependency", "web1!http!own", {{"child_host_name", "web1"}, {"child_service_name", "http"}, {"parent_host_name", "db1"}},
         "web1 and http");
    same("TimePeriod", "web1!http", {}, "none");
    same("CheckCommand", "web1", {}, "none");
}

TEST(Subjects, OfANameThatNoObjectHasAreNotWidened) {
    EXPECT_EQ(words(subject_of("Host", "web1!http")), "web1!http") << "no pattern of a host covers it";
    EXPECT_EQ(words(subject_of("Downtime", "web1")), "web1");
    EXPECT_EQ(words(subject_of("Downtime", "web1!http!x!own")), "web1 and http!x");
    EXPECT_EQ(words(subject_of("Nonsense", "web1!http")), "none");
}

}  // namespace
}  // namespace endpointd::policy
