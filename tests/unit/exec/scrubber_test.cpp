#include "exec/scrubber.hpp"

#include <gmock/gmock.h>

#include <map>

#include "base/limits.hpp"
#include "exec/secret_forms.hpp"

namespace endpointd::exec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr std::size_t kMost = limits::kArgvBytes;

Scrubber scrubber(const std::map<std::string, std::string>& secrets) {
    std::vector<SecretValue> values;
    for (const auto& [name, value] : secrets) values.push_back({name, SecretText(value), catalog::SecretAs::env});
    return Scrubber(values);
}

std::string scrubbed(const std::map<std::string, std::string>& secrets, std::string_view text, bool cut = false) {
    return scrubber(secrets).scrub(text, cut, kMost).text;
}

TEST(Scrubber, PutsTheNameInPlaceOfEachOccurrence) {
    EXPECT_EQ(scrubbed({{"P", "hunter22"}}, "OK hunter22, hunter22|a=1;hunter22"), "OK <secret:P>, <secret:P>|a=1;<secret:P>");
    EXPECT_EQ(scrubbed({{"P", "hunter22"}}, "hunter2 unter22"), "hunter2 unter22");
    EXPECT_EQ(scrubbed({{"A", "alpha1"}, {"B", "beta2"}}, "beta2alpha1alpha1"), "<secret:B><secret:A><secret:A>");
}

TEST(Scrubber, OfNothingChangesNothing) {
    const Scrubber none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.scrub("text", false, 100).text, "text");
    EXPECT_EQ(none.scrub("text", true, 100).cut, true);
    EXPECT_EQ(none.scrub("text", false, 3).text, "tex");
    EXPECT_EQ(none.scrub("text", false, 3).cut, true);
    EXPECT_THAT(none.scrub_words({"a", ""}), ElementsAre("a", ""));
    EXPECT_TRUE(Scrubber(std::vector<SecretValue>{}).empty());
}

TEST(Scrubber, TakesTheLongestWhereOneHoldsAnother) {
    const std::map<std::string, std::string> secrets{{"LONG", "abcdefgh"}, {"SHORT", "cdef"}};
    EXPECT_EQ(scrubbed(secrets, "abcdefgh cdef abcdef"), "<secret:LONG> <secret:SHORT> ab<secret:SHORT>");
    EXPECT_EQ(scrubbed({{"X", "aaaa"}, {"Y", "aaaaaaaa"}}, "aaaaaaaaaaa"), "<secret:Y>");
}

TEST(Scrubber, LeavesNoRestWhereTwoOverlap) {
    EXPECT_EQ(scrubbed({{"A", "abcdXY"}, {"B", "XYefghi"}}, "-abcdXYefghi-"), "-<secret:B>-");
    EXPECT_EQ(scrubbed({{"A", "ababab"}}, "-abababab-"), "-<secret:A>-");
}

TEST(Scrubber, FindsTheLinesOfAKeyOneByOne) {
    const std::map<std::string, std::string> key{{"K", "-----BEGIN KEY-----\r\nMIIBVgIBADANB\r\nshort\r\nwith = == \r\n-----END KEY-----"}};
    EXPECT_EQ(scrubbed(key, "bad line: MIIBVgIBADANB, short"), "bad line: <secret:K>, short");
    EXPECT_EQ(scrubbed(key, key.at("K")), "<secret:K>");
    EXPECT_EQ(scrubbed(key, "with = =="), "<secret:K>");
    // Under another line's end the lines are still found.
    EXPECT_EQ(scrubbed(key, "MIIBVgIBADANB\n-----END KEY-----"), "<secret:K>\n<secret:K>");
}

TEST(Scrubber, FindsAValueWithoutTheBlanksAroundIt) {
    EXPECT_EQ(scrubbed({{"P", " hunter22\t"}}, "[hunter22] [ hunter22\t]"), "[<secret:P>] [<secret:P>]");
}

TEST(Scrubber, FindsEscapedForms) {
    const std::map<std::string, std::string> secrets{{"P", "p\"ä/\\ w?"}};
    EXPECT_EQ(scrubbed(secrets, R"({"p":"p\"ä/\\ w?"})"), R"({"p":"<secret:P>"})");
    EXPECT_EQ(scrubbed(secrets, R"({"p":"p\"\u00e4/\\ w?"})"), R"({"p":"<secret:P>"})");
    EXPECT_EQ(scrubbed(secrets, "http://u:p%22%C3%A4%2F%5C%20w%3F@h"), "http://u:<secret:P>@h");
    EXPECT_EQ(scrubbed(secrets, "http://u:p%22%c3%a4%2f%5c%20w%3f@h"), "http://u:<secret:P>@h");
    EXPECT_EQ(scrubbed(secrets, "http://h/p%22%C3%A4/%5C%20w%3F/x"), "http://h/<secret:P>/x");
    EXPECT_EQ(scrubbed(secrets, "a=p%22%C3%A4%2F%5C+w%3F&b"), "a=<secret:P>&b");
}

TEST(Scrubber, FindsBase64WhereverTheValueStands) {
    const std::map<std::string, std::string> secrets{{"P", "hunter22"}};
    EXPECT_EQ(scrubbed(secrets, "aHVudGVyMjI="), "<secret:P>=");
    // "u:hunter22", "us:hunter22" and "use:hunter22!": what is left are the bits shared with the neighbours.
    EXPECT_EQ(scrubbed(secrets, "Basic dTpodW50ZXIyMg=="), "Basic dTp<secret:P>g==");
    EXPECT_EQ(scrubbed(secrets, "Basic dXM6aHVudGVyMjI="), "Basic dXM6<secret:P>=");
    EXPECT_EQ(scrubbed(secrets, "Basic dXNlOmh1bnRlcjIyIQ=="), "Basic dXNlOm<secret:P>IQ==");
    EXPECT_EQ(scrubbed({{"P", "\xff\xfe\xfd?>~"}}, "//79Pz5+ __79Pz5-"), "<secret:P> <secret:P>");
}

TEST(Scrubber, TakesTheBeginningOfAValueFromTheEndOfACutText) {
    const std::map<std::string, std::string> secrets{{"P", "hunter22"}};
    EXPECT_EQ(scrubbed(secrets, "it is hunter2", true), "it is <secret:P>");
    EXPECT_EQ(scrubbed(secrets, "it is hunt", true), "it is <secret:P>");
    EXPECT_EQ(scrubbed(secrets, "it is hun", true), "it is hun");
    EXPECT_EQ(scrubbed(secrets, "it is hunter2", false), "it is hunter2");
    EXPECT_EQ(scrubbed(secrets, "hunter2 ", true), "hunter2 ");
    EXPECT_EQ(scrubbed({{"P", "abcdabcdefgh"}}, "-abcdabcd", true), "-<secret:P>") << "the longest beginning there is";
    EXPECT_EQ(scrubbed({{"A", "hunter22"}, {"B", "22hunt55"}}, "hunter22hunt", true), "<secret:A>");
    EXPECT_TRUE(scrubber(secrets).scrub("hunt", true, kMost).cut);
}

TEST(Scrubber, KeepsWithinTheBoundItIsGiven) {
    const Scrubber one = scrubber({{"A_LONG_NAME", "abcd"}});
    const Scrubbed result = one.scrub("abcd-abcd-abcd", false, 45);
    EXPECT_EQ(result.text, "<secret:A_LONG_NAME>-<secret:A_LONG_NAME>-");
    EXPECT_TRUE(result.cut);
    EXPECT_EQ(one.scrub("--abcd", false, 1).text, "-");
    EXPECT_EQ(one.scrub("abcd", false, 20).text, "<secret:A_LONG_NAME>");
    EXPECT_FALSE(one.scrub("abcd", false, 20).cut);
}

TEST(Scrubber, ScrubsEveryWordOfAnArgv) {
    const Scrubber one = scrubber({{"P", "hunter22"}});
    EXPECT_THAT(one.scrub_words({"/bin/x", "-p", "hunter22", "", "user:hunter22@h"}),
                ElementsAre("/bin/x", "-p", "<secret:P>", "", "user:<secret:P>@h"));
    std::vector<std::string> many(limits::kArgvBytes / 9, "hunter22");
    const std::vector<std::string> words = one.scrub_words(many);
    std::size_t bytes = 0;
    for (const std::string& word : words) bytes += word.size();
    EXPECT_THAT(words, SizeIs(many.size()));
    EXPECT_LE(bytes, limits::kArgvBytes);
    EXPECT_EQ(words.back(), "");
}

TEST(Scrubber, WorksOnBytesOfAnyKind) {
    using namespace std::string_literals;
    EXPECT_EQ(scrubbed({{"P", "a\0\xff\n"s}}, "x\0a\0\xff\n\0"s), "x\0<secret:P>\0"s);
    EXPECT_EQ(scrubbed({{"P", "\0\0\0\0"s}}, "\0\0\0\0\0"s), "<secret:P>");
}

// Quadratic work would take minutes here; the test's own limit is what fails then.
TEST(Scrubber, IsLinearWhateverValueAndTextAre) {
    const std::string text(16 * 1024 * 1024, 'a');
    const std::string value = std::string(kSecretBytes - 1, 'a') + "b";
    const Scrubber one = scrubber({{"P", value}});
    const Scrubbed result = one.scrub(text, false, text.size());
    EXPECT_EQ(result.text.size(), text.size());
    EXPECT_EQ(one.scrub(text, true, text.size()).text.size(), text.size() - (kSecretBytes - 1) + std::string("<secret:P>").size());
}

TEST(Scrubber, LooksForEncodedFormsOfTheFirstSixteenKibibytes) {
    std::string lines;
    for (int i = 0; i < 3000; ++i) lines += "line/" + std::to_string(10000 + i) + "\n";
    const Scrubber one = scrubber({{"P", lines}});
    EXPECT_EQ(one.scrub("line%2F10000", false, kMost).text, "<secret:P>");
    EXPECT_EQ(one.scrub("line%2F12999", false, kMost).text, "line%2F12999");
    EXPECT_EQ(one.scrub("line/12999", false, kMost).text, "<secret:P>");
}

TEST(SecretForms, AreNeverShorterThanTheShortestSecret) {
    for (const char* value : {"abcd", " a bc ", "\"\"\"\"", "\xff\xff\xff\xff", "\n\nabcd\n", "a\nb\nc\nd"}) {
        std::size_t budget = kEncodedTotal;
        std::size_t forms = 0;
        each_form(value, budget, [&](std::string_view form) {
            ++forms;
            EXPECT_GE(form.size(), kSecretLeast) << value;
        });
        EXPECT_GT(forms, 8U);
        EXPECT_LT(budget, kEncodedTotal);
    }
}

}  // namespace
}  // namespace endpointd::exec
