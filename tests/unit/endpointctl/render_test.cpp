#include "render.hpp"

#include <sstream>

#include <gtest/gtest.h>

#include "json/document.hpp"

namespace endpointd::ctl {
namespace {

TEST(Printable, ShowsWhatWouldControlATerminal) {
    EXPECT_EQ(printable("a\x1b[31mb\r\n\x07"), "a\\x1b[31mb\\x0d\\x0a\\x07");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\xc2\\x9b31m");
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
}

TEST(Printable, ShowsWhatReordersOrHides) {
    EXPECT_EQ(printable("ab\xe2\x80\xae"
                        "cd"),
              "ab<U+202E>cd");
    EXPECT_EQ(printable("a\xe2\x80\x8b"
                        "b\xef\xbb\xbf"),
              "a<U+200B>b<U+FEFF>");
    EXPECT_EQ(printable("\xe2\x80\xa8"), "<U+2028>");
}

TEST(Printable, LeavesHonestTextAlone) {
    EXPECT_EQ(printable("Gr\xc3\xbc\xc3\x9f"
                        "e \xe6\x97\xa5"),
              "Gr\xc3\xbc\xc3\x9f"
              "e \xe6\x97\xa5");
}

TEST(Printable, IsBounded) { EXPECT_EQ(printable(std::string(1000, 'x'), 4), "xxxx..."); }

TEST(Columns, CountWhatATerminalShows) {
    EXPECT_EQ(columns_of("abc"), 3u);
    EXPECT_EQ(columns_of("\xc3\xbc"), 1u);
    EXPECT_EQ(columns_of("\xe6\x97\xa5\xe6\x9c\xac"), 4u);
    EXPECT_EQ(columns_of("e\xcc\x81"), 1u);
}

TEST(Table, IsAligned) {
    Table table({"ID", "NAME", "X"});
    table.add({"1", "\xe6\x97\xa5", "a"});
    table.add({"100", "long name", "b\x1b"});
    std::ostringstream out;
    table.print(out, false);
    EXPECT_EQ(out.str(),
              "ID   NAME       X\n"
              "1    \xe6\x97\xa5         a\n"
              "100  long name  b\\x1b\n");
}

TEST(Table, IsColouredOnlyOnRequest) {
    Table table({"A"});
    table.add({"1"});
    std::ostringstream plain, bright;
    table.print(plain, false);
    table.print(bright, true);
    EXPECT_EQ(plain.str().find('\x1b'), std::string::npos);
    EXPECT_NE(bright.str().find('\x1b'), std::string::npos);
}

TEST(Texts, AreForPeople) {
    EXPECT_EQ(duration_text(0.1234), "0.123 s");
    EXPECT_EQ(duration_text(59), "59 s");
    EXPECT_EQ(duration_text(61), "1 min 1 s");
    EXPECT_EQ(duration_text(7325), "2 h 2 min");
    EXPECT_EQ(duration_text(90000), "1 d 1 h");
    EXPECT_EQ(duration_text(-1), "-");
    EXPECT_EQ(size_text(512), "512 B");
    EXPECT_EQ(size_text(1536), "1.5 KiB");
    EXPECT_EQ(text_of(json::Value()), "-");
    EXPECT_EQ(text_of(json::Value(true)), "yes");
    EXPECT_EQ(text_of(json::Value(3)), "3");
}

TEST(Findings, HaveTheFormCompilersUse) {
    std::ostringstream out;
    const auto print = [&](const char* text) { print_finding(out, *json::parse(text), "error", false); };
    print(R"({"file":"catalog.d/x.json","line":3,"column":7,"pointer":"/commands/a","message":"wrong \u001b[31m"})");
    print(R"({"file":"zones.d/z.conf","line":1,"column":1,"pointer":null,"message":"odd"})");
    print(R"({"file":"endpointd.json","line":null,"column":null,"pointer":null,"message":"not readable"})");
    EXPECT_EQ(out.str(),
              "catalog.d/x.json:3:7: error: wrong \\x1b[31m (/commands/a)\n"
              "zones.d/z.conf:1:1: error: odd\n"
              "endpointd.json: error: not readable\n");
}

TEST(Block, KeepsLinesAndEscapesTheRest) {
    std::ostringstream out;
    print_block(out, "a\n\n\tb\n", "| ");
    EXPECT_EQ(out.str(), "| a\n| \n| \\x09b\n");
}

}  // namespace
}  // namespace endpointd::ctl
