using PgListener.UnitTests.Configuration;

namespace PgListener.Analyzers.Tests;

/// <summary>What is written about each rule.</summary>
public class DescriptorTests
{
    public static TheoryData<string> Ids => [.. Rules.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics).Select(rule => rule.Id).Distinct(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_rule_has_its_page_with_its_title_category_and_severity(string id)
    {
        var rule = Rules.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics).First(rule => rule.Id == id);
        var folder = Repository.PathOf("docs/analyzers");
        var page = File.ReadAllText(Path.Combine(folder, $"{id}.md"));
        var severity = rule.DefaultSeverity == Microsoft.CodeAnalysis.DiagnosticSeverity.Info ? "suggestion" : "warning";
        var title = rule.Title.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.StartsWith($"# {id}: {title}\n", page, StringComparison.Ordinal);
        Assert.Contains($"| Category | {rule.Category} |\n| Severity | {severity} |\n", page, StringComparison.Ordinal);
        Assert.Contains($"| [{id}]({id}.md) | {title} | {rule.Category} | {severity} |", File.ReadAllText(Path.Combine(folder, "README.md")), StringComparison.Ordinal);
        Assert.EndsWith($"docs/analyzers/{id}.md", rule.HelpLinkUri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "docs/analyzers/PGL001.md")]
    [InlineData("", "docs/analyzers/PGL001.md")]
    [InlineData("https://example.org/pg/listener", "https://example.org/pg/listener/blob/HEAD/docs/analyzers/PGL001.md")]
    [InlineData("https://example.org/pg/listener.git", "https://example.org/pg/listener/blob/HEAD/docs/analyzers/PGL001.md")]
    public void Its_help_link_leads_to_the_repository_that_it_was_built_from(string? repository, string link)
        => Assert.Equal(link, HelpLink.For("PGL001", repository));
}
