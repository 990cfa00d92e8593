using System.Diagnostics;

namespace PgListener.Testing.Tests;

public sealed class OwnerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_a_killed_process_left_is_cleared_by_the_next_start()
    {
        using var temp = new TempFolder();
        using var killed = await OwnerProcess.StartAsync(temp);
        killed.Kill();
        Assert.True(Sql.IsAlive(killed.ServerProcessId), "Nothing was left to clear.");

        using var next = await OwnerProcess.StartAsync(temp);

        Assert.False(Sql.IsAlive(killed.ServerProcessId));
        Assert.False(Directory.Exists(killed.DataFolder));
        Assert.True(Sql.IsAlive(next.ServerProcessId));
    }

    [Fact]
    public async Task A_killed_server_that_nobody_owns_is_cleared_too()
    {
        using var temp = new TempFolder();
        using var killed = await OwnerProcess.StartAsync(temp);
        killed.Kill();
        var file = PostmasterFile.Read(killed.DataFolder)!;
        using (var server = Process.GetProcessById(killed.ServerProcessId))
            server.Kill(entireProcessTree: true);
        Assert.True(SpinWait.SpinUntil(() => !Sql.IsAlive(killed.ServerProcessId), Limit));
        file.RemoveSharedMemory(killed.ServerProcessId);

        await Leftovers.ClearAsync(Machine.Current with { TempFolder = temp });

        Assert.Empty(Directory.EnumerateFileSystemEntries(temp, "pglistener-pg-*"));
    }

    [Fact]
    public async Task What_a_living_process_owns_is_left_alone()
    {
        using var temp = new TempFolder();
        using var living = await OwnerProcess.StartAsync(temp);
        using var next = await OwnerProcess.StartAsync(temp);

        await Leftovers.ClearAsync(Machine.Current with { TempFolder = temp });

        Assert.True(Sql.IsAlive(living.ServerProcessId));
        Assert.True(Directory.Exists(living.DataFolder));
        Assert.True(Sql.IsAlive(next.ServerProcessId));
    }

    [Fact]
    public async Task A_process_that_ends_without_disposing_takes_its_server_with_it()
    {
        using var temp = new TempFolder();
        using var owner = await OwnerProcess.StartAsync(temp);

        owner.End();

        Assert.False(Sql.IsAlive(owner.ServerProcessId));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp, "pglistener-pg-*"));
    }

    [Theory]
    [InlineData("INT", 2)]
    [InlineData("TERM", 15)]
    [InlineData("HUP", 1)]
    public async Task A_process_ended_by_a_signal_takes_its_server_with_it(string signal, int number)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such signals.");
        Assert.SkipWhen(IsIgnored(number), $"SIG{signal} is ignored here, as in what nohup or a shell's background starts, and so in every process that the test starts.");
        using var temp = new TempFolder();
        using var owner = await OwnerProcess.StartAsync(temp);

        await owner.SignalAsync(signal);

        Assert.False(Sql.IsAlive(owner.ServerProcessId));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temp, "pglistener-pg-*"));
    }

    [Fact]
    public async Task An_ordinary_user_can_start_one()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess, "Only root can become another user; without root, every other test shows it.");
        using var temp = new TempFolder();
        using var owner = await OwnerProcess.StartAsync(temp, user: "nobody");

        Assert.Equal("nobody", owner.UserName);
        Assert.True(Sql.IsAlive(owner.ServerProcessId));
    }

    /// <summary>Whether this process ignores a signal, which its children inherit. Only Linux says.</summary>
    private static bool IsIgnored(int signal)
        => OperatingSystem.IsLinux()
            && File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith("SigIgn:", StringComparison.Ordinal)) is { } line
            && (Convert.ToUInt64(line["SigIgn:".Length..].Trim(), 16) >> (signal - 1) & 1) == 1;
}
