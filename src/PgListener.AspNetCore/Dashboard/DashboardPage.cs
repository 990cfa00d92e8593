using System.Security.Cryptography;
using System.Text;

namespace PgListener.Dashboard;

/// <summary>The page, one resource with its style and its script in it, and the policy that allows these two and nothing else.</summary>
internal sealed class DashboardPage
{
    private static readonly Lazy<DashboardPage> LoadedReadOnly = new(static () => new(body: "<body>"));
    private static readonly Lazy<DashboardPage> LoadedWithActions = new(static () => new(body: "<body data-actions>"));

    private DashboardPage(string body)
    {
        using var resource = typeof(DashboardPage).Assembly.GetManifestResourceStream("page.html")!;
        using var reader = new StreamReader(resource, Encoding.UTF8);

        // Browsers hash what they have parsed, in which every line ends with \n.
        var html = reader.ReadToEnd().ReplaceLineEndings("\n").Replace("<body>", body, StringComparison.Ordinal);
        Html = Encoding.UTF8.GetBytes(html);
        ContentSecurityPolicy =
            $"default-src 'none'; script-src '{HashOf(html, "script")}'; style-src '{HashOf(html, "style")}'; connect-src 'self'; img-src data:; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    }

    /// <summary>The page that only shows.</summary>
    public static DashboardPage ReadOnly => LoadedReadOnly.Value;

    /// <summary>The page that asks whether its user may act.</summary>
    public static DashboardPage WithActions => LoadedWithActions.Value;

    public ReadOnlyMemory<byte> Html { get; }

    public string ContentSecurityPolicy { get; }

    private static string HashOf(string html, string element)
    {
        var begin = html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = html.IndexOf($"</{element}>", begin, StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html[begin..end])));
    }
}
