namespace PgListener.Testing.Tests;

/// <summary>The npm package as a source: when it is asked for, and what is run of it.</summary>
public sealed class NpmTests : IDisposable
{
    private static readonly EphemeralPostgresOptions NpmOnly = new() { Sources = PostgresSources.Npm };
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_registry_out_of_reach_fails_at_once_and_is_remembered()
    {
        var machine = WithNpm("echo 'request to registry failed, reason: EAI_AGAIN' >&2; exit 1");

        var failures = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(NpmOnly, machine, Sql.Token))));

        Assert.All(failures, failure => Assert.Contains("EAI_AGAIN", failure.Message, StringComparison.Ordinal));
        var call = Assert.Single(await CallsAsync());
        Assert.Contains("--fetch-retries=0", call, StringComparison.Ordinal);
        Assert.Equal(3, failures.Count(failure => failure.Message.Contains("It is tried again after 5 minutes", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Only_the_exact_version_is_asked_for_and_no_script_of_it_is_run()
    {
        var machine = WithNpm("[ \"$1\" = view ] || exit 1");

        await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(NpmOnly, machine, Sql.Token));

        var pack = (await CallsAsync())[1];
        Assert.StartsWith($"pack @embedded-postgres/{NpmRelease.ForThisMachine!.Platform}@{NpmRelease.Version} ", pack, StringComparison.Ordinal);
        Assert.Contains("--ignore-scripts", pack, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Content_with_another_hash_is_not_run()
    {
        var machine = WithNpm("[ \"$1\" = view ] || echo 'something else' > \"$4/package.tgz\"");

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(NpmOnly, machine, Sql.Token));

        Assert.Contains("does not have the content it should have, so nothing of it is run", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetDirectories(machine.CacheFolder!, "*", SearchOption.AllDirectories), folder => folder.Contains("native", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_comes_after_docker()
    {
        var machine = WithNpm("exit 1");
        TempFolder.AddProgram(_temp, "docker", $"echo docker >> {Path.Combine(_temp, "calls")}; exit 1");

        await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(new(), machine, Sql.Token));

        var calls = await CallsAsync();
        Assert.Equal("docker", calls[0]);
        Assert.StartsWith("view ", calls[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_consent_it_comes_before_docker()
    {
        var machine = WithNpm("exit 1") with { Sources = "installed, npm" };
        TempFolder.AddProgram(_temp, "docker", $"echo docker >> {Path.Combine(_temp, "calls")}; exit 1");

        await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(new(), machine, Sql.Token));

        Assert.All(await CallsAsync(), call => Assert.StartsWith("view ", call, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(PostgresSources.Auto, null, PostgresSources.Auto)]
    [InlineData(PostgresSources.Auto, "Docker", PostgresSources.Docker)]
    [InlineData(PostgresSources.Auto, "npm,installed", PostgresSources.Npm | PostgresSources.Installed)]
    [InlineData(PostgresSources.Auto, "auto", PostgresSources.Auto)]
    [InlineData(PostgresSources.Installed, "Docker", PostgresSources.Installed)]
    public void The_variable_narrows_what_auto_means(PostgresSources chosen, string? variable, PostgresSources expected) =>
        Assert.Equal(expected, ServerFinder.Choose(chosen, variable));

    [Theory]
    [InlineData("podman")]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("1")]
    [InlineData("npm,,docker")]
    public void A_variable_that_names_no_place_is_refused(string variable)
    {
        var failure = Assert.Throws<EphemeralPostgresException>(() => ServerFinder.Choose(PostgresSources.Auto, variable));

        Assert.Contains("PGLISTENER_PG_SOURCES", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Installed, Docker and Npm", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_folder_of_somebody_else_is_not_used()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess, "Only root can act as another user.");
        var machine = WithNpm("exit 1");
        var programs = Path.Combine(machine.CacheFolder!, $"embedded-postgres-{NpmRelease.Version}-{NpmRelease.ForThisMachine!.Platform}", "native", "bin");
        var nobody = (await ServerUser.OfNameAsync("nobody", Sql.Token))!;
        await Command.RunAsync("sh", ["-ec", $"mkdir -p {programs}; cd {programs}; for f in initdb pg_ctl postgres; do echo '#!/bin/sh' > $f; chmod 755 $f; done"], TimeSpan.FromSeconds(10), Sql.Token, nobody);

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(NpmOnly, machine, Sql.Token));

        Assert.Contains("does not belong to user root alone, so nothing is run from there.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_home_there_is_no_cache_in_a_place_that_others_can_guess()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess, "Only root can act as another user.");

        using var owner = OwnerProcess.Begin(_temp, "nobody", ("HOME", "/does/not/exist"), (Machine.SourcesVariable, "Npm"));

        Assert.Contains("HOME names none that exists. Set XDG_CACHE_HOME", await owner.ErrorsAsync(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_temp));
    }

    private Machine WithNpm(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in for npm is a shell script.");
        TempFolder.AddProgram(_temp, "npm", $"echo \"$@\" >> {Path.Combine(_temp, "calls")}\n{script}");
        return new([_temp], null, [], Path.Combine(_temp, "cache"), _temp);
    }

    private async Task<string[]> CallsAsync() => await File.ReadAllLinesAsync(Path.Combine(_temp, "calls"), Sql.Token);
}
