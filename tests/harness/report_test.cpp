#include "harness/results/report.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

#include "harness/results/run_directory.h"

namespace crossover::harness {
namespace {

using Texts = std::vector<std::string>;

TEST(Report, TheLeadingCommentIsTheQuestion) {
  EXPECT_EQ(leading_comment("# Which is\n#  faster?\n#\n# More.\nkey = 1\n# no\n"),
            (Texts{"Which is faster?", "More."}));
  EXPECT_EQ(leading_comment("key = 1\n# no\n"), Texts{});
  EXPECT_EQ(leading_comment("#\n#\n"), Texts{});
  EXPECT_EQ(leading_comment("# One\r\n# line\r\n"), Texts{"One line"});
}

Document document_of(Block block) {
  Document document;
  document.title = "a <b> & c";
  document.subtitle = "sub";
  document.answers = {"x < y"};
  document.blocks.push_back(std::move(block));
  return document;
}

TEST(Report, HtmlIsEscapedAndCodeMarked) {
  const std::string html = as_html(document_of(Paragraph{"`a<b>` & \"c\""}));
  EXPECT_NE(html.find("<h1>a &lt;b&gt; &amp; c</h1>"), std::string::npos);
  EXPECT_NE(html.find("<p>x &lt; y</p>"), std::string::npos);
  EXPECT_NE(html.find("<p><code>a&lt;b&gt;</code> &amp; &quot;c&quot;</p>"), std::string::npos);
  EXPECT_NE(as_html(document_of(Paragraph{"a ` b"})).find("<p>a ` b</p>"), std::string::npos);
}

TEST(Report, MarkdownKeepsItsTextAsText) {
  const std::string text = as_markdown(document_of(Paragraph{"2*3 <i> `4*5` [1, 2]"}), "");
  EXPECT_NE(text.find("2\\*3 \\<i\\> `4*5` [1, 2]\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("# a \\<b\\> & c\n\n- **x \\< y**\n"), 0u) << text;
}

TEST(Report, AFenceIsLongerThanAnyInItsText) {
  const std::string text = as_markdown(document_of(Code{"```\nx\n```\n"}), "");
  EXPECT_NE(text.find("````\n```\nx\n```\n````\n"), std::string::npos) << text;
}

TEST(Report, ColumnsOfNumbersAreSetFlushRight) {
  const std::string html =
      as_html(document_of(Grid{{"size", "name"}, {{"64", "a"}, {"-1.5e3", "2 us"}, {"", ""}}}));
  EXPECT_NE(html.find("<th scope=\"col\" class=\"number\">size</th>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"col\">name</th>"), std::string::npos);
}

TEST(Report, FiguresAreEmbeddedAndLinked) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("crossover-report-" + std::to_string(getpid()));
  // The vectors of RFC 4648: every length of the last group.
  const std::vector<std::pair<std::string, std::string>> vectors{
      {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}};
  for (const auto& [bytes, encoded] : vectors) {
    write_file(folder / "figures" / "a b.svg", bytes);
    const Document document = document_of(Figure{"caption", folder / "figures" / "a b.svg"});
    EXPECT_NE(as_html(document).find("base64," + encoded + "\""), std::string::npos);
    EXPECT_NE(as_markdown(document, folder).find("![caption](<figures/a b.svg>)"),
              std::string::npos);
  }
  std::filesystem::remove_all(folder);
  EXPECT_THROW(as_html(document_of(Figure{"gone", folder / "none.svg"})), StorageError);
}

Json comparison(double ratio, const std::string& verdict, std::int64_t m) {
  return {{"section", "pair"},
          {"problem", {{"m", m}, {"n", m}}},
          {"label", "b"},
          {"against_label", "a"},
          {"launches", 10},
          {"ratio", ratio},
          {"ci95", {ratio / 1.01, ratio * 1.01}},
          {"verdict", verdict},
          {"verdict_adjusted", verdict}};
}

std::string answer_to(const std::vector<Json>& comparisons) {
  const Json summary{{"sections", {{{"name", "pair"}, {"question", "compare"}}}},
                     {"comparisons", comparisons},
                     {"cells", Json::array()},
                     {"crossovers", Json::array()}};
  const Texts answers = report_answers(summary);
  return answers.size() == 1 ? answers.front() : "not one answer";
}

TEST(Report, AnswersSayLessOrMoreTime) {
  EXPECT_EQ(answer_to({comparison(1.25, "faster", 64)}),
            "b takes 20.0% less time than a [-20.8%, -19.2%] at m=n=64.");
  EXPECT_EQ(answer_to({comparison(0.5, "slower", 64)}),
            "b takes 100.0% more time than a [+98.0%, +102.0%] at m=n=64.");
  EXPECT_EQ(answer_to({comparison(1.0, "undecided", 64)}),
            "b cannot be told from a: the change of its time is within [-1.0%, +1.0%] at m=n=64.");
  EXPECT_EQ(answer_to({comparison(1.25, "undecided", 64)}),
            "b cannot be told from a: the change of its time is within [-20.8%, -19.2%], but too "
            "much was disturbed to trust that at m=n=64.");
  Json adjusted = comparison(1.25, "faster", 64);
  adjusted["verdict_adjusted"] = "undecided";
  EXPECT_EQ(answer_to({adjusted}),
            "b cannot be told from a: the change of its time is within [-20.8%, -19.2%], which "
            "does not stand among that many comparisons at m=n=64.");
  EXPECT_EQ(answer_to({comparison(1.25, "faster", 64), comparison(1.0, "equivalent", 128)}),
            "b is equivalent to a: the change of its time is within [-1.0%, +1.0%] at m=n=128; "
            "faster on 1, equivalent on 1 of 2 problems.");
}

Json cell(const std::string& section, const std::string& label, std::int64_t m, double seconds) {
  return {{"section", section},
          {"problem", {{"m", m}, {"tokens", 0}}},
          {"label", label},
          {"replica", 0},
          {"seconds", {{"median", seconds}, {"ci95", nullptr}}}};
}

// On the largest problem one arm alone fitted the budget, which makes it no winner.
TEST(Report, AWinnerHasSomebodyToWinAgainst) {
  const Json sections{{{"name", "warm"}, {"question", "sweep"}},
                      {{"name", "cold"}, {"question", "sweep"}}};
  const Json summary{{"sections", sections},
                     {"comparisons", Json::array()},
                     {"crossovers", Json::array()},
                     {"cells",
                      {cell("warm", "a", 8, 2e-3), cell("warm", "b", 8, 1e-3),
                       cell("warm", "a", 16, 9e-3), cell("cold", "a", 8, 3e-3)}}};
  EXPECT_EQ(report_answers(summary), (Texts{"warm: At m=8 b has the least time of 2 arms, 1.00 ms.",
                                            "cold: At m=8 a alone was measured: 3.00 ms."}));
}

}  // namespace
}  // namespace crossover::harness
