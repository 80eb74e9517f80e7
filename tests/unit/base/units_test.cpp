#include "base/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace endpointd {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreIcingas) {
    EXPECT_EQ(parse_duration("30s").value(), 30s);
    EXPECT_EQ(parse_duration("5m").value(), 5min);
    EXPECT_EQ(parse_duration("2h").value(), 2h);
    EXPECT_EQ(parse_duration("7d").value(), 168h);
    EXPECT_EQ(parse_duration("100ms").value(), 100ms);
    EXPECT_EQ(parse_duration("90").value(), 90s);
    EXPECT_EQ(parse_duration("1.5h").value(), 90min);
    EXPECT_EQ(parse_duration("0").value(), 0s);
}

TEST(Durations, RefuseWhatTheyAreNot) {
    for (const char* text : {"", "s", "-5s", "5x", "5 s", "1.s", ".5s", "1e9", "99999999999999999999999s", "5s ", "1.2.3s"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Sizes, HaveBinaryUnits) {
    EXPECT_EQ(parse_size("64KiB").value(), 65536U);
    EXPECT_EQ(parse_size("512MiB").value(), 536870912U);
    EXPECT_EQ(parse_size("4096").value(), 4096U);
    for (const char* text : {"", "-1", "64KB", "64 KiB", "9999999999TiB"}) EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Globs, MatchTheWholeNameCaseSensitively) {
    EXPECT_TRUE(glob_match("*", ""));
    EXPECT_TRUE(glob_match("web?!http*", "web1!https"));
    EXPECT_TRUE(glob_match("a*b*c", "aXbYbZc"));
    EXPECT_FALSE(glob_match("web1", "web10"));
    EXPECT_FALSE(glob_match("web1", "Web1"));
    EXPECT_FALSE(glob_match("?", ""));
    EXPECT_TRUE(glob_match("**", "x"));
    EXPECT_FALSE(glob_match("*x", "*y"));
}

TEST(Globs, EndOnNamesMadeToBeSlow) {
    std::string pattern;
    for (int i = 0; i < 200; ++i) pattern += "a*";
    EXPECT_FALSE(glob_match(pattern + "b", std::string(20'000, 'a')));
}

TEST(Numbers, PrintAsIcingaPrintsThem) {
    EXPECT_EQ(number_text(5), "5");
    EXPECT_EQ(number_text(-0.0), "0");
    EXPECT_EQ(number_text(0.5), "0.500000");
    EXPECT_EQ(number_text(1e15), "1000000000000000");
    EXPECT_EQ(number_text(std::numeric_limits<double>::max()).size(), 309U);
}

TEST(Utf8, RefusesOverlongSurrogatesAndTruncation) {
    EXPECT_TRUE(is_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"));
    for (const char* text : {"\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
        EXPECT_FALSE(is_utf8(text));
        EXPECT_TRUE(is_utf8(repaired_utf8(text)));
    }
    EXPECT_EQ(repaired_utf8("a\xff"
                            "b"),
              "a\xef\xbf\xbd"
              "b");
}

TEST(Escaping, LeavesNothingATerminalObeys) {
    EXPECT_EQ(escaped("a\nb\x1b[31m"), "a\\x0ab\\x1b[31m");
    EXPECT_EQ(escaped("\xc2\x9b"
                      "31m"),
              "\\xc2\\x9b31m");
    EXPECT_EQ(escaped("\xff"), "\\xff");
    EXPECT_EQ(escaped("\xc3\xa4"), "\xc3\xa4");
    EXPECT_EQ(escaped("abcdef", 3), "abc...");
}

}  // namespace
}  // namespace endpointd
