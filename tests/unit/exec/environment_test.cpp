#include "exec/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace endpointd::exec {
namespace {

using testing::ElementsAre;

TEST(Environment, IsMadeFromNothing) {
    EXPECT_THAT(environment_for(12, {}),
                ElementsAre("ENDPOINTD_RUN=12", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                            "LC_NUMERIC=C", "HOME=/"));
}

TEST(Environment, LetsTheEntryDecideButNotOverTheMark) {
    EXPECT_THAT(environment_for(12, {"PATH=/opt", "LANG=de", "LC_NUMERIC=de", "HOME=/tmp", "ENDPOINTD_RUN=1", "PATHS=x"}),
                ElementsAre("ENDPOINTD_RUN=12", "PATH=/opt", "LANG=de", "LC_NUMERIC=de", "HOME=/tmp", "PATHS=x"));
}

}  // namespace
}  // namespace endpointd::exec
