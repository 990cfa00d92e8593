namespace PgListener.Analyzers.Tests;

/// <summary>A file full of mistakes: each is found, each is fixed, and what comes out of it compiles.</summary>
public class PlantedTests
{
    private static readonly (string Property, string Value)[] Aot = [("PublishAot", "true")];

    private static string Planted => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Planted.cs"));

    [Fact]
    public Task Every_mistake_is_found() => Rules.AssertFindsAsync(Code.Project(Planted), Aot);

    [Fact]
    public async Task Every_mistake_is_fixed()
    {
        var project = await Rules.FixAllAsync(Code.Project(Planted), Aot);
        await Code.CompileAsync(project, TestContext.Current.CancellationToken);
    }
}
