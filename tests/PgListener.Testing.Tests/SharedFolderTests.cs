using System.Diagnostics;
using System.Runtime.Versioning;

namespace PgListener.Testing.Tests;

/// <summary>The temp folder belongs to everybody: what others put there, and what they can get at of ours.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SharedFolderTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Nobody_else_can_look_into_the_place_of_a_server()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There the temp folder is the user's own.");
        using var temp = new TempFolder();
        await using var postgres = await EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = temp }, Sql.Token);

        var place = Assert.Single(Directory.GetDirectories(temp));
        foreach (var entry in new DirectoryInfo(place).EnumerateFileSystemInfos().Append(new DirectoryInfo(place)))
            Assert.Equal(UnixFileMode.None, OthersMay(entry.FullName));
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(place) & (UnixFileMode.GroupRead | UnixFileMode.GroupWrite));
        Assert.DoesNotContain(Directory.EnumerateFiles(place), file => Path.GetFileName(file) == "password");
    }

    [Fact]
    public async Task What_others_have_planted_is_neither_followed_nor_waited_for()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        using var target = new TempFolder();
        var victim = Path.Combine(target, "victim");
        await File.WriteAllTextAsync(victim, "mine", Sql.Token);
        var owner = FileFacts.Of(target)!.Owner;

        // As another user: what an instance looks like, but with links, pipes and somebody else's process in it.
        await AsNobodyAsync($"""
            cd {temp.Path}
            mkdir -p pglistener-pg-1/server/data pglistener-pg-2/server pglistener-pg-3
            chmod -R 777 pglistener-pg-1 pglistener-pg-2 pglistener-pg-3
            echo 1 > pglistener-pg-1/owner; mkfifo pglistener-pg-1/server/data/postmaster.pid
            echo 1 > pglistener-pg-2/owner; ln -s {target.Path} pglistener-pg-2/server/data
            mkfifo pglistener-pg-3/owner
            ln -s {target.Path} pglistener-pg-4; echo 1 > pglistener-pg-4.owner
            mkfifo pglistener-pg-5.owner; ln -s {victim} pglistener-pg-6.owner
            """);

        await using var postgres = await EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = temp }, Sql.Token).WaitAsync(Limit, Sql.Token);

        Assert.Equal(1, await Sql.AskAsync(postgres, "SELECT 1"));
        Assert.Equal("mine", await File.ReadAllTextAsync(victim, Sql.Token));
        Assert.Equal(owner, FileFacts.Of(target)!.Owner);
        Assert.True(Directory.Exists(Path.Combine(temp, "pglistener-pg-1")), "What is not ours was touched.");
    }

    [Fact]
    public async Task A_server_that_runs_as_another_user_cannot_mislead_root()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        using var target = new TempFolder();
        await File.WriteAllTextAsync(Path.Combine(target, "victim"), "mine", Sql.Token);
        using var stranger = Process.Start("sleep", ["600"]);
        var user = await ServerUser.FindAsync(Sql.Token);
        string data;
        using (var instance = await Instance.CreateAsync(temp, user, Sql.Token))
        {
            // It is left, as by an owner that was killed, and meanwhile its server's user has changed what it can.
            data = instance.DataFolder;
            await AsUserAsync(user!, $"mkdir {data}; printf '{stranger.Id}\n{data}\n1700000000\n5432\n\n127.0.0.1\n 1 1\n' > {data}/postmaster.pid; ln -s {target.Path} {data}/base");
        }

        await Leftovers.ClearAsync(Machine.Current with { TempFolder = temp }).WaitAsync(Limit, Sql.Token);

        Assert.False(stranger.HasExited);
        Assert.True(File.Exists(Path.Combine(target, "victim")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
        stranger.Kill();
        await stranger.WaitForExitAsync(Sql.Token);
    }

    [Fact]
    public async Task A_pipe_in_the_place_of_a_servers_file_holds_up_nobody()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        var user = await ServerUser.FindAsync(Sql.Token);
        using (var instance = await Instance.CreateAsync(temp, user, Sql.Token))
            await AsUserAsync(user!, $"mkdir {instance.DataFolder}; mkfifo {instance.DataFolder}/postmaster.pid");

        await Leftovers.ClearAsync(Machine.Current with { TempFolder = temp }).WaitAsync(Limit, Sql.Token);

        Assert.Empty(Directory.EnumerateFileSystemEntries(temp));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link")]
    public async Task A_secret_never_takes_what_is_there_already(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need privileges there.");
        using var temp = new TempFolder();
        var path = Path.Combine(temp, "secret");
        var other = Path.Combine(temp, "other");
        await File.WriteAllTextAsync(other, "mine", Sql.Token);
        if (kind == "link")
            File.CreateSymbolicLink(path, other);
        else
            File.Copy(other, path);

        Assert.ThrowsAny<IOException>(() => PrivateFile.Create(path, "secret", owner: null));

        Assert.Equal("mine", await File.ReadAllTextAsync(other, Sql.Token));
        PrivateFile.Create(path + "2", "secret", owner: null);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path + "2"));
    }

    [Fact]
    public async Task A_temp_folder_that_does_not_exist_is_named()
    {
        using var temp = new TempFolder();
        var missing = Path.Combine(temp, "missing");

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(
            () => EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = missing }, Sql.Token));

        Assert.StartsWith($"The temp folder {missing} does not exist.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_only_root_can_enter_is_named()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        var closed = Path.Combine(temp, "closed");
        var inside = Directory.CreateDirectory(Path.Combine(closed, "temp")).FullName;
        SetMode(closed, 0b111_000_000);

        var failure = await Assert.ThrowsAsync<EphemeralPostgresException>(
            () => EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = inside }, Sql.Token));

        var user = await ServerUser.FindAsync(Sql.Token);
        Assert.Contains($"The folder {closed} cannot be entered by user {user!.Name}.", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(inside));
    }

    [Fact]
    public async Task A_temp_folder_that_this_user_may_not_write_to_is_named()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        var closed = Directory.CreateDirectory(Path.Combine(temp, "closed")).FullName;
        SetMode(closed, 0b111_000_000);

        using var owner = OwnerProcess.Begin(closed, user: "nobody");
        var text = await owner.ErrorsAsync();

        Assert.Contains($"No folder can be created in the temp folder {closed}: Permission denied.", text, StringComparison.Ordinal);
        Assert.Contains($"The folder {closed} cannot be entered by user nobody.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_closed_for_a_moment_is_waited_for()
    {
        SkipUnlessRoot();
        using var temp = new TempFolder();
        var above = Path.Combine(temp, "above");
        var inside = Directory.CreateDirectory(Path.Combine(above, "temp")).FullName;
        SetMode(above, 0b111_000_000);
        var launch = EphemeralPostgres.LaunchAsync(new(), Machine.Current with { TempFolder = inside }, Sql.Token);

        // It has been denied at least once: the program that makes the data has been tried, and its secret is there.
        await Assert.ThrowsAsync<TimeoutException>(() => launch.WaitAsync(TimeSpan.FromSeconds(1), Sql.Token));
        SetMode(above, 0b111_101_101);

        await using var postgres = await launch;
        Assert.Equal(1, await Sql.AskAsync(postgres, "SELECT 1"));
    }

    private static void SkipUnlessRoot() =>
        Assert.SkipUnless(!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess, "Only root can act as another user.");

    private static void SetMode(string folder, int mode)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(folder, (UnixFileMode)mode);
    }

    private static UnixFileMode OthersMay(string path) => OperatingSystem.IsWindows()
        ? UnixFileMode.None
        : File.GetUnixFileMode(path) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

    private static async Task AsNobodyAsync(string script) => await AsUserAsync((await ServerUser.OfNameAsync("nobody", Sql.Token))!, script);

    private static Task<Printed> AsUserAsync(ServerUser user, string script) => Command.RunAsync("sh", ["-ec", script], Limit, Sql.Token, user);
}
