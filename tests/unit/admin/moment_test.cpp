#include "admin/moment.hpp"

#include <gtest/gtest.h>

namespace endpointd::admin {
namespace {

const WallTime kNow = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 20)) + std::chrono::hours(16);

std::string parsed(std::string_view text) {
    const Result<WallTime> moment = parse_moment(text, kNow);
    return moment ? to_rfc3339(*moment) : moment.error().text;
}

TEST(Moment, ReadsUtc) {
    EXPECT_EQ(parsed("2026-11-20T16:55:00.123Z"), "2026-11-20T16:55:00.123Z");
    EXPECT_EQ(parsed("2026-11-20t16:55:00z"), "2026-11-20T16:55:00.000Z");
    EXPECT_EQ(parsed("2024-02-29 00:00:00Z"), "2024-02-29T00:00:00.000Z");
}

TEST(Moment, ReadsAnOffset) {
    EXPECT_EQ(parsed("2026-11-20T17:55:00+01:00"), "2026-11-20T16:55:00.000Z");
    EXPECT_EQ(parsed("2026-11-20T16:25:00-00:30"), "2026-11-20T16:55:00.000Z");
}

TEST(Moment, ReadsADurationBeforeNow) {
    EXPECT_EQ(parsed("2h"), "2026-11-20T14:00:00.000Z");
    EXPECT_EQ(parsed("0"), "2026-11-20T16:00:00.000Z");
}

TEST(Moment, RefusesWhatIsNeither) {
    for (const char* text :
         {"", "yesterday", "2026-11-20", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T16:55:00",
          "2026-11-20T16:55:00.Z", "2026-11-20T16:55:00+1:00", "2026-11-20T16:55:00Zx", "-2h", "99999d00"}) {
        EXPECT_FALSE(parse_moment(text, kNow)) << text;
    }
    EXPECT_EQ(parsed("soon"), "'soon' is neither a time (2026-11-20T16:55:00Z) nor a duration before now (2h)");
}

TEST(Moment, RefusesADurationBeforeTheEpoch) { EXPECT_FALSE(parse_moment("100000d", kNow)); }

}  // namespace
}  // namespace endpointd::admin
