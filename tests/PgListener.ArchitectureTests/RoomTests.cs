using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace PgListener.ArchitectureTests;

/// <summary>Core is a house of few rooms, and each may use only those below it.</summary>
public class RoomTests
{
    private static readonly Architecture Core = new ArchLoader().LoadAssemblies(typeof(Listener).Assembly).Build();

    /// <summary>The types of the root that put the rooms together. No room may know them.</summary>
    private static readonly string[] Faces = [nameof(Listener), nameof(NotificationPublisher), nameof(NotificationPublisherExtensions), nameof(NpgsqlDataSourceExtensions), nameof(ChangeFeed), nameof(Changes<>)];

    /// <summary>Which other rooms a room may use, all of them besides the root's vocabulary.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Channels"] = [],
        ["Telemetry"] = [],
        ["ChangeFeeds"] = [],
        ["Connections"] = ["Telemetry"],
        ["Subscriptions"] = ["Channels", "Telemetry"],
        ["Routing"] = ["Subscriptions", "Telemetry"],
        ["Session"] = ["Routing", "Subscriptions", "Connections", "Telemetry"],
        ["Publishing"] = ["Connections", "Channels", "Telemetry"],
    };

    public static TheoryData<string> Rooms => [.. Arrows.Keys];

    [Fact]
    public void There_are_no_other_rooms()
        => Assert.Equal(
            [Room.Root, .. Arrows.Keys.Order(StringComparer.Ordinal)],
            Room.OfTypes.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_type_lies_in_a_room()
        => Assert.DoesNotContain(Core.Types, type => type.FullName.StartsWith("PgListener.", StringComparison.Ordinal) && RoomOf(type) is null);

    [Theory]
    [MemberData(nameof(Rooms))]
    public void A_room_uses_only_those_below_it(string room)
    {
        string[] allowed = [room, Room.Root, .. Arrows[room]];
        Types().That().Are(TypesIn([room]))
            .Should().NotDependOnAny(Core.Types.Where(type => RoomOf(type) is { } other && (!allowed.Contains(other, StringComparer.Ordinal) || IsFace(type))))
            .Because($"{room} may use {string.Join(", ", allowed.Skip(1))} without the faces {string.Join(", ", Faces)}")
            .Check(Core);
    }

    [Fact]
    public void What_the_root_has_besides_its_faces_uses_no_room_but_the_channels()
        => Types().That().Are(TypesIn([Room.Root]).Where(type => !IsFace(type)))
            .Should().NotDependOnAny(TypesIn([.. Arrows.Keys.Where(room => room != "Channels")]))
            .Because("it is the vocabulary that all rooms share")
            .Check(Core);

    private static IEnumerable<IType> TypesIn(string[] rooms) => Core.Types.Where(type => RoomOf(type) is { } room && rooms.Contains(room, StringComparer.Ordinal));

    private static bool IsFace(IType type) => Faces.Contains(OutermostName(type).Split('.')[^1], StringComparer.Ordinal);

    private static string? RoomOf(IType type) => Room.OfTypes.GetValueOrDefault(OutermostName(type));

    private static string OutermostName(IType type) => type.FullName.Split('+', '/', '`', '<')[0];
}
