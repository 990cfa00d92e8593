namespace PgListener.Analyzers.Tests;

/// <summary>PGL005.</summary>
public class JsonTypeInfoTests
{
    private const string Channel = """
        using PgListener;

        namespace Shop;

        public sealed record Placed(long Id) : IJsonNotificationChannel<Placed>{0}
        {
            public static string ChannelName => "placed";
        }

        """;

    private static string Unmarked => Channel.Replace("{0}", "", StringComparison.Ordinal);

    private static string Marked => Channel.Replace("{0}", " // PGL005", StringComparison.Ordinal);

    [Theory]
    [InlineData("PublishAot", "true")]
    [InlineData("PublishTrimmed", "True")]
    [InlineData("IsAotCompatible", "true")]
    [InlineData("IsTrimmable", "true")]
    [InlineData("JsonSerializerIsReflectionEnabledByDefault", "false")]
    public Task Without_reflection_a_channel_needs_a_type_info(string property, string value)
        => Rules.AssertFindsAsync(Code.Project(Marked), (property, value));

    [Fact]
    public async Task With_reflection_it_does_not()
    {
        await Rules.AssertFindsAsync(Code.Project(Unmarked));
        await Rules.AssertFindsAsync(Code.Project(Unmarked), ("PublishAot", "false"), ("JsonSerializerIsReflectionEnabledByDefault", ""));
        await Rules.AssertFindsAsync(Code.Project(Unmarked), ("PublishTrimmed", "true"), ("JsonSerializerIsReflectionEnabledByDefault", "true"));
    }

    [Fact]
    public Task A_channel_that_has_one_is_not_found_nor_one_that_is_no_JSON()
        => Rules.AssertFindsAsync(
            Code.Project("""
                using System.Text.Json.Serialization;
                using System.Text.Json.Serialization.Metadata;
                using PgListener;

                public sealed record Placed(long Id) : IJsonNotificationChannel<Placed>
                {
                    public static string ChannelName => "placed";

                    public static JsonTypeInfo<Placed> JsonTypeInfo => Json.Default.Placed;
                }

                public abstract record Shared<T> : IJsonNotificationChannel<T> where T : Shared<T>
                {
                    public static string ChannelName => "shared";

                    static JsonTypeInfo<T> IJsonNotificationChannel<T>.JsonTypeInfo => (JsonTypeInfo<T>)Json.Default.GetTypeInfo(typeof(T))!;
                }

                public sealed record Derived : Shared<Derived>;

                public readonly record struct Text(string Value) : INotificationChannel<Text>
                {
                    public static string ChannelName => "text";

                    public static Text Parse(string payload) => new(payload);
                }

                [JsonSerializable(typeof(Placed))]
                [JsonSerializable(typeof(Derived))]
                internal sealed partial class Json : JsonSerializerContext;
                """),
            ("PublishAot", "true"));

    [Fact]
    public Task The_fix_adds_a_context_where_there_is_none()
        => Rules.AssertFixesAsync(
            Code.Project(Unmarked),
            """
            using System.Text.Json;
            using System.Text.Json.Serialization;
            using System.Text.Json.Serialization.Metadata;
            using PgListener;

            namespace Shop;

            public sealed record Placed(long Id) : IJsonNotificationChannel<Placed>
            {
                public static string ChannelName => "placed";

                public static JsonTypeInfo<Placed> JsonTypeInfo => PlacedJsonContext.Default.Placed;
            }

            [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowOutOfOrderMetadataProperties = true)]
            [JsonSerializable(typeof(Placed))]
            internal sealed partial class PlacedJsonContext : JsonSerializerContext;

            """,
            settings: ("PublishAot", "true"));

    [Theory]
    [InlineData("[JsonSerializable(typeof(string))]\n", "[JsonSerializable(typeof(string))]\n[JsonSerializable(typeof(Placed))]\n", "Placed")]
    [InlineData("[JsonSerializable(typeof(Placed), TypeInfoPropertyName = \"Order\")]\n", "[JsonSerializable(typeof(Placed), TypeInfoPropertyName = \"Order\")]\n", "Order")]
    public Task The_fix_uses_the_context_that_the_project_has(string before, string after, string property)
    {
        const string Context = "\ninternal sealed partial class AppJson : JsonSerializerContext;\n";
        return Rules.AssertFixesAsync(
            Code.Project("using System.Text.Json.Serialization;\n" + Unmarked + before + Context.TrimStart('\n')),
            $$"""
            using System.Text.Json.Serialization;
            using System.Text.Json.Serialization.Metadata;
            using PgListener;

            namespace Shop;

            public sealed record Placed(long Id) : IJsonNotificationChannel<Placed>
            {
                public static string ChannelName => "placed";

                public static JsonTypeInfo<Placed> JsonTypeInfo => AppJson.Default.{{property}};
            }

            """ + after + Context.TrimStart('\n'),
            settings: ("PublishAot", "true"));
    }

    [Theory]
    [InlineData("public sealed record Changed<T>(T Value) : IJsonNotificationChannel<Changed<T>> { public static string ChannelName => \"changed\"; }")]
    [InlineData("public static class Outer<T> { public sealed record Changed(T Value) : IJsonNotificationChannel<Changed> { public static string ChannelName => \"changed\"; } }")]
    [InlineData("public sealed record @event(long Id) : IJsonNotificationChannel<@event> { public static string ChannelName => \"event\"; }")]
    public Task No_fix_is_offered_where_no_context_could_name_the_channel(string type)
        => Rules.AssertFixesAsync(Code.Project("using PgListener;\n" + type), expected: null, settings: ("PublishAot", "true"));
}
