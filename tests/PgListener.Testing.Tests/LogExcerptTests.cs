namespace PgListener.Testing.Tests;

public sealed class LogExcerptTests
{
    [Fact]
    public void A_short_log_is_shown_whole()
    {
        var log = new LogExcerpt();
        log.Add("one");
        log.Add(null);
        log.Add("two");

        Assert.Equal("one\ntwo", log.ToString());
    }

    [Fact]
    public void A_long_log_shows_its_beginning_and_its_end()
    {
        var log = new LogExcerpt();
        log.Add("FATAL:  the cause");
        for (var line = 2; line <= 1000; line++)
            log.Add($"line {line}");

        var lines = log.ToString().Split('\n');

        Assert.Equal("FATAL:  the cause", lines[0]);
        Assert.Equal("line 40", lines[39]);
        Assert.Equal("... (920 lines left out)", lines[40]);
        Assert.Equal("line 961", lines[41]);
        Assert.Equal("line 1000", lines[^1]);
    }

    [Fact]
    public void A_new_start_begins_a_new_log()
    {
        var log = new LogExcerpt();
        for (var line = 1; line <= 100; line++)
            log.Add("old");
        log.Clear();
        log.Add("new");

        Assert.Equal("new", log.ToString());
    }
}
