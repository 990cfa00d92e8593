using System.Diagnostics;

namespace PgListener.Testing.Tests;

public sealed class PostmasterFileTests
{
    [Fact]
    public void It_is_read_line_by_line()
    {
        var file = PostmasterFile.Parse("123\n/data\n1700000000\n5432\n\n127.0.0.1\n  5432001     32768\nready   \n", "/data");

        Assert.Equal(new PostmasterFile("/data", 123, new DateTime(2023, 11, 14, 22, 13, 20, DateTimeKind.Utc), Listens: true, 32768), file);
    }

    [Theory]
    [InlineData("")]
    [InlineData("123\n/data\n")]
    [InlineData("123\n/data\nsoon\n")]
    public void A_file_not_yet_finished_counts_as_none(string text) => Assert.Null(PostmasterFile.Parse(text, "/data"));

    [Fact]
    public void Without_shared_memory_there_is_none_to_remove() =>
        Assert.Null(PostmasterFile.Parse("123\n/data\n1700000000\n5432\n\n127.0.0.1\n", "/data")?.SharedMemoryId);

    [Fact]
    public async Task A_process_that_got_the_number_of_a_dead_server_is_not_ended()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sleep there.");
        using var stranger = Process.Start("sleep", ["600"]);

        new PostmasterFile("/no/such/data", stranger.Id, DateTime.UtcNow, Listens: true, null).EndServer(user: null);

        Assert.False(stranger.HasExited);
        stranger.Kill();
        await stranger.WaitForExitAsync(Sql.Token);
    }
}
