#include "line_diff.hpp"

#include <gtest/gtest.h>

namespace endpointd::ctl {
namespace {

TEST(LineDiff, EqualTextsHaveNone) {
    EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n", "x", "y"), "");
    EXPECT_EQ(unified_diff("", "", "x", "y"), "");
}

TEST(LineDiff, AgainstNothingEverythingIsAdded) {
    EXPECT_EQ(unified_diff("", "a\nb\n", "nothing", "pushed"), "--- nothing\n+++ pushed\n@@ -0,0 +1,2 @@\n+a\n+b\n");
    EXPECT_EQ(unified_diff("a\n", "", "x", "y"), "--- x\n+++ y\n@@ -1 +0,0 @@\n-a\n");
}

TEST(LineDiff, ShowsThreeLinesAroundAChange) {
    EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "x", "y"),
              "--- x\n+++ y\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(LineDiff, ChangesThatAreFarApartAreTwoHunks) {
    std::string before, after;
    for (int i = 0; i < 30; ++i) {
        before += std::to_string(i) + "\n";
        after += (i == 2 || i == 25 ? "x" : std::to_string(i)) + "\n";
    }
    EXPECT_EQ(unified_diff(before, after, "a", "b"),
              "--- a\n+++ b\n@@ -1,6 +1,6 @@\n 0\n 1\n-2\n+x\n 3\n 4\n 5\n@@ -23,7 +23,7 @@\n 22\n 23\n 24\n-25\n+x\n 26\n 27\n 28\n");
}

TEST(LineDiff, FindsTheShortestWay) {
    EXPECT_EQ(unified_diff("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n", "x", "y"),
              "--- x\n+++ y\n@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n");
}

TEST(LineDiff, TextsThatShareTooLittleAreReplacedAsAWhole) {
    std::string before, after;
    for (std::size_t i = 0; i <= kDiffEdits; ++i) {
        before += "b" + std::to_string(i) + "\n";
        after += "a" + std::to_string(i) + "\n";
    }
    const std::string diff = unified_diff(before, after, "x", "y");
    EXPECT_NE(diff.find("@@ -1,1001 +1,1001 @@\n-b0\n"), std::string::npos);
    EXPECT_NE(diff.find("-b1000\n+a0\n"), std::string::npos);
}

}  // namespace
}  // namespace endpointd::ctl
