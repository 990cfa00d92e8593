using Microsoft.Extensions.Logging;
using PgListener.UnitTests;

namespace PgListener.EntityFrameworkCore.Tests;

public class LogTests
{
    /// <summary>What alarms and searches of users are built on. Add to it; never change or remove a line, and never reuse an id.</summary>
    private static readonly (int Id, string Name, LogLevel Level)[] Frozen =
    [
        (760, "PublishedButNotSaved", LogLevel.Warning),
    ];

    [Fact]
    public void Events_keep_their_ids_names_and_levels()
        => Assert.Equal(Frozen, LogEvents.Of(typeof(DbContextTransactionExtensions).Assembly));

    [Fact]
    public void No_other_package_has_their_ids_or_names()
    {
        var others = LogEvents.Of(typeof(Listener).Assembly, typeof(IPgListener).Assembly, typeof(IDurableChannels).Assembly);
        Assert.NotEmpty(others);
        Assert.Empty(Frozen.Select(entry => entry.Id).Intersect(others.Select(entry => entry.Id)));
        Assert.Empty(Frozen.Select(entry => entry.Name).Intersect(others.Select(entry => entry.Name), StringComparer.Ordinal));
    }

    [Fact]
    public void Operations_explains_each_of_them() => LogEvents.AssertExplained(Frozen);
}
