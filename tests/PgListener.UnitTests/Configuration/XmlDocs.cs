using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PgListener.UnitTests.Configuration;

/// <summary>The libraries' XML documentation, as plain text.</summary>
internal static partial class XmlDocs
{
    private static readonly Dictionary<string, XElement> Members = new[] { typeof(ListenerOptions).Assembly, typeof(PgListenerOptions).Assembly, typeof(DurableChannelOptions).Assembly }
        .SelectMany(assembly => XDocument.Load(Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml")).Descendants("member"))
        .Where(member => member.Attribute("name")!.Value.Contains(":PgListener.", StringComparison.Ordinal)) // Not what was generated into several of them.
        .ToDictionary(member => member.Attribute("name")!.Value, StringComparer.Ordinal);

    public static string Of(Type type) => Describe($"T:{type.FullName}", "summary");

    /// <summary>What is said of a setting: what it is, what is to be known besides, its default and range.</summary>
    public static string Of(MemberInfo setting) => Describe(NameOf(setting), "summary", "remarks", "value");

    /// <summary>The other settings of which the default and range of this one speak.</summary>
    public static IEnumerable<string> NamedInRangeOf(MemberInfo setting)
        => Find(NameOf(setting), "value")?.Descendants("see").Attributes("cref").Select(cref => ShortName(cref.Value)) ?? [];

    private static string NameOf(MemberInfo setting) => $"{(setting is FieldInfo ? 'F' : 'P')}:{setting.DeclaringType!.FullName}.{setting.Name}";

    private static string Describe(string name, params ReadOnlySpan<string> parts)
    {
        var texts = new List<string>();
        foreach (var part in parts)
        {
            if (Find(name, part) is { } element)
                texts.Add(Space().Replace(string.Concat(element.Nodes().Select(Text)), " ").Trim());
        }

        return texts.Count > 0 ? string.Join(" ", texts) : throw new InvalidOperationException($"{name} is not documented.");
    }

    private static XElement? Find(string name, string part)
    {
        var member = Members[name];
        return member.Element(part) ?? (member.Element("inheritdoc")?.Attribute("cref") is { } cref ? Find(cref.Value, part) : null);
    }

    private static string Text(XNode node) => node switch
    {
        XText text => text.Value,
        XElement element when element.Attribute("cref") is { } cref => ShortName(cref.Value),
        XElement element when element.Attribute("langword") is { } word => word.Value,
        XElement element => string.Concat(element.Nodes().Select(Text)),
        _ => "",
    };

    private static string ShortName(string cref) => cref[(cref.LastIndexOf('.') + 1)..];

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Space();
}
